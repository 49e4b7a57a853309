"""Terraform: read, worked out as far as a file tells it, and linted."""
