# Text in which the marks of the shell and those of HCL meet.
variable "tags" {
  type    = map(string)
  default = { team = "shop", "cost:center" = "42" }
}

locals {
  greeting = "Hello, ${upper("world")}! 100%% $$ $(not hcl) $${ESCAPED} %%{escaped}"
  json     = "{\"a\": \"${var.tags["team"]}\"}"  # a comment, not a # in a string
  first    = var.tags.team == "shop" ? "a" : "b" // the other comment
  /* and the third:
  user_data = "plain"
  */
}

resource "aws_instance" "marks" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = "web"

  user_data = <<-EOT
    #!/bin/bash
    set -euo pipefail
    files=(/etc/*.conf)
    echo "$${#files[@]} files, first $${files[0]##*/}, $$ is the shell, $? is 0, 100% of $PATH"
    awk '{ printf "%s %d%%\n", $1, $2 }' /proc/loadavg
    date +%Y-%m-%dT%H:%M:%S%z
    ps -o pid=,%cpu= --pid 1 | sed 's/%//'
    for team in ${join(" ", values(var.tags))}; do
      printf '%s\n' "$team" "$${team^^}" "$(curl -s -o /dev/null -w '%%{http_code}' https://example.org/)"
    done
    cat > /etc/tags.json <<'JSON'
    ${jsonencode(var.tags)}
    JSON
    %{for key, value in var.tags}
    echo "${key}=${value}"
    %{endfor}
    stat -c '%a %U' /etc/passwd; case "$${1:-}" in a | b) : ;; *) : ;; esac
    echo ${local.first == "a" ? "\"quoted\"" : "plain"} "${replace(local.json, "\"", "'")}"
  EOT

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "nested" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data_base64 = base64gzip(join("", [
    "#!/bin/sh\n",
    <<-ONE
      echo one
    ONE
    , <<-TWO
      echo two
    TWO
  ]))

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "dynamic" {
  count                  = length(var.tags)
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  user_data              = count.index == 0 ? null : "#!/bin/sh\necho ${count.index}\n"
  vpc_security_group_ids = ["sg-0123456789abcdef0"]

  dynamic "ebs_block_device" {
    for_each = toset(["/dev/sdf"])

    content {
      device_name = ebs_block_device.value
      volume_size = 10
      encrypted   = true
    }
  }

  metadata_options {
    http_tokens = "required"
  }
}
