resource "aws_spot_instance_request" "batch" {
  ami           = var.ami
  instance_type = "c7i.large"
  user_data = base64encode(templatefile("${path.module}/batch.sh.tftpl", {
    queue = aws_sqs_queue.jobs.url
  }))
}
