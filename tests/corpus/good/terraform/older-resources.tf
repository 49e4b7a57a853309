resource "aws_launch_configuration" "web" {
  name_prefix          = "web-"
  image_id             = "ami-0123456789abcdef0"
  instance_type        = "t3.small"
  iam_instance_profile = "web"
  user_data            = file("first-boot.sh")

  metadata_options {
    http_tokens = "required"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_spot_instance_request" "batch" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "c7i.large"
  spot_type            = "one-time"
  wait_for_fulfillment = true
  iam_instance_profile = "batch"
  user_data_base64     = base64encode(local.batch)

  metadata_options {
    http_tokens = "required"
  }
}

locals {
  batch = <<-SCRIPT
    #!/bin/bash
    until aws sts get-caller-identity > /dev/null 2>&1; do
      sleep 2
    done
    aws s3 sync s3://example-batch/in /srv/in
  SCRIPT
}
