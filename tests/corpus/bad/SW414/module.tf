module "runner" {
  source = "./runner"

  user_data = templatefile("${path.module}/templates/runner.sh.tftpl", {
    token = var.token
    url   = "https://runner.example.com"
  })
}
