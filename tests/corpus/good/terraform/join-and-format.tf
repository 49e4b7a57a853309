# User data that is put together: by join, by format, from a variable with a default, by a condition.
variable "user_data" {
  type        = string
  description = "A script of one's own"
  default     = <<EOT
#!/bin/sh
set -eu
hostname > /run/name
EOT
}

variable "stage" {
  type    = string
  default = "test"

  validation {
    condition     = contains(["test", "production"], var.stage)
    error_message = "The stage is test or production."
  }
}

variable "debug" {
  type    = bool
  default = false
}

locals {
  lines = concat(
    ["#!/bin/bash", "set -euo pipefail"],
    var.debug ? ["set -x"] : [],
    [for name in ["nginx", "jq"] : "dnf install -y ${name}"],
  )
}

resource "aws_instance" "joined" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = join("\n", local.lines)

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "formatted" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = format("#!/bin/sh\nhostnamectl set-hostname %s-%03d\n", var.stage, 7)

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "given" {
  for_each      = toset(["a", "b"])
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = var.user_data

  metadata_options {
    http_tokens = "required"
  }

  tags = { Name = "given-${each.key}" }
}

resource "aws_instance" "chosen" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = var.stage == "production" ? file("${path.module}/first-boot.sh") : <<-EOT
    #!/bin/sh
    %{if var.debug~}
    set -x
    %{endif~}
    %{for user in ["ada", "grace"]~}
    useradd --create-home ${user}
    %{endfor~}
    echo done
  EOT

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "replaced" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = replace(file("${path.module}/first-boot.sh"), "example.org", "example.com")

  metadata_options {
    http_tokens = "required"
  }

  lifecycle {
    ignore_changes = [user_data, ami]
  }
}
