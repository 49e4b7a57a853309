resource "aws_launch_template" "b" {
  image_id = "ami-1"
  # twice
  user_data = base64encode(base64encode("#!/bin/sh\necho hi\n"))
}
