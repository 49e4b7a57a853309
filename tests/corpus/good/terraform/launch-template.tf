# A launch template wants base64, so each of these is encoded, in one of the ways there are.
variable "cluster" {
  type    = string
  default = "orders"
}

resource "aws_launch_template" "literal" {
  name_prefix = "literal-"
  user_data = base64encode(<<-EOT
    #!/bin/bash
    echo "ECS_CLUSTER=${var.cluster}" >> /etc/ecs/ecs.config
  EOT
  )

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
}

resource "aws_launch_template" "file" {
  name_prefix = "file-"
  user_data   = base64encode(file("${path.module}/first-boot.sh"))

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_launch_template" "binary_file" {
  name_prefix = "binary-file-"
  user_data   = filebase64("${path.module}/first-boot.sh")

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_launch_template" "packed" {
  name_prefix = "packed-"
  user_data   = base64gzip(file("${path.module}/first-boot.sh"))

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_launch_template" "rendered" {
  name_prefix = "rendered-"
  user_data = base64encode(templatefile("${path.module}/templates/worker.tftpl", {
    cluster = var.cluster
    queues  = ["mail", "invoices"]
  }))

  iam_instance_profile {
    name = "worker"
  }

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_autoscaling_group" "workers" {
  min_size            = 1
  max_size            = 3
  vpc_zone_identifier = ["subnet-0123456789abcdef0"]

  launch_template {
    id      = aws_launch_template.rendered.id
    version = aws_launch_template.rendered.latest_version
  }
}
