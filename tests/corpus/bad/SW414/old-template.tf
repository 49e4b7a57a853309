data "template_file" "web" {
  template = "#!/bin/sh\necho $${name} ${suffix}\n"
  vars = {
    name   = var.name
    suffix = "x"
  }
}

resource "aws_instance" "web" {
  ami           = var.ami
  instance_type = "t3.micro"
  user_data     = data.template_file.web.rendered
}
