# Rendered by ssmwake from templates/; do not edit.
terraform {
  required_version = ">= 1.5"
}
