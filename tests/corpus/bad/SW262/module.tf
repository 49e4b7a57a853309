resource "aws_iam_role" "web" {
  name_prefix        = "web-"
  assume_role_policy = data.aws_iam_policy_document.ec2.json
}

resource "aws_iam_instance_profile" "web" {
  role = aws_iam_role.web.name
}

module "ssmwake" {
  source = "./dist/terraform"
  role   = "web"
}

resource "aws_launch_template" "web" {
  image_id  = "ami-0123456789abcdef0"
  user_data = module.ssmwake.user_data_base64

  iam_instance_profile {
    name = aws_iam_instance_profile.web.name
  }
}
