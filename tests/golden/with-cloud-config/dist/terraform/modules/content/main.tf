# Rendered by ssmwake from templates/; do not edit.
locals {
  settings = {
    ROLE             = var.role
    TIMEOUT          = var.timeout
    POLL             = var.poll
    POLL_HEALTHY     = var.poll_healthy
    RESTART_AFTER    = var.restart_after == null ? null : join(" ", var.restart_after)
    INSTANCE_CONNECT = var.instance_connect == null ? null : var.instance_connect ? "yes" : "no"
  }
  conf     = join("\n", [for name, value in local.settings : "SSMWAKE_${name}=${value}" if value != null])
  on_ready = length(var.on_ready) == 0 ? "" : base64encode(join("\n", concat(["#!/bin/sh", "set -e"], var.on_ready, [""])))

  # The variables of the script that stands below them; their values hold no quote.
  lines     = "conf='${local.conf}'\non_ready='${local.on_ready}'\n"
  user_data = join("", [file("${path.module}/user-data.head"), local.lines, file("${path.module}/user-data.tail")])

  # EC2 takes 16384 bytes, which are 21848 characters in base64.
  longest = 21848

  runbook = yamldecode(file("${path.module}/automation.yaml"))
  parameters = merge(local.runbook.parameters, {
    CommandDocument = merge(local.runbook.parameters.CommandDocument, { default = var.command_document_name })
  })
}

check "size" {
  assert {
    condition     = length(base64encode(local.user_data)) <= local.longest
    error_message = "The user data is longer than 16384 bytes; use the output user_data_base64gzip."
  }
}
