# Rendered by ssmwake from templates/; do not edit.
locals {
  # By its first line the Command document knows the settings that it may replace: those of this module.
  carrier = "terraform ${var.command_document_name}"
  conf = join("\n", concat(["SSMWAKE_CARRIER=${local.carrier}"], var.role == "" ? [] : ["SSMWAKE_ROLE=${var.role}"], [
    "SSMWAKE_TIMEOUT=${var.timeout}",
    "SSMWAKE_POLL=${var.poll}",
    "SSMWAKE_POLL_HEALTHY=${var.poll_healthy}",
    "SSMWAKE_RESTART_AFTER=${join(" ", var.restart_after)}",
    "SSMWAKE_INSTANCE_CONNECT=${var.instance_connect ? "yes" : "no"}",
  ]))
  commands = join("\n", concat(["#!/bin/sh", "set -e"], coalesce(var.on_ready, []), [""]))
  on_ready = (
    var.on_ready == null ? filebase64("${path.module}/on-ready.sh") :
    length(var.on_ready) == 0 ? "" : base64encode(local.commands)
  )

  # The variables of the scripts, on a way to an instance like on every other; their values hold no quote.
  settings = "conf='${local.conf}'\non_ready='${local.on_ready}'\n"

  # A NodeConfig of EKS says what it is; nodeadm reads it by its type alone.
  types = [for part in var.parts : (
    part.content_type == "text/plain" && can(regex("(?m)^apiVersion: *[\"']?node\\.eks\\.aws/", part.content)) ?
    "application/node.eks.aws" : part.content_type
  )]
  parts = [for number, part in var.parts : join("\n", concat(
    ["--==ssmwake==", "Content-Type: ${local.types[number]}"],
    # cloud-init runs scripts in the order of their names; it calls one without a name part-001, and so on.
    part.filename == null ? [] : [join("", [
      "Content-Disposition: attachment; filename=\"", startswith(part.content, "#!") ? format("part-%03d-", number + 1) : "", part.filename, "\"",
    ])],
    startswith(part.content, "#cloud-config") || part.content_type == "text/cloud-config" ? ["Merge-Type: ${part.merge_type}"] : [],
    # cloud-init reads MIME as ASCII: a text with anything else, or with a boundary, goes in base64.
    can(regex("^[\\t\\n -~]*$", part.content)) && !strcontains(part.content, "--==ssmwake==") ?
    ["", part.content, ""] : ["Content-Transfer-Encoding: base64", "", base64encode(part.content), ""],
  ))]
  before = join("", concat(
    [file("${path.module}/${local.form}.head")],
    local.parts,
    length(var.parts) == 0 ? [] : [file("${path.module}/multipart.ours")],
    [local.settings],
  ))
  form      = length(var.parts) == 0 ? "user-data" : "multipart"
  user_data = join("", [local.before, file("${path.module}/${local.form}.tail")])
  # With the runtime as it is: what is packed twice is larger.
  unpacked = join("", [local.before, file("${path.module}/${local.form}.plain-tail")])

  # EC2 takes 16,384 bytes. The length of a text is in characters, so they are counted in base64: four for three bytes.
  limit      = 16384
  base64     = base64encode(local.user_data)
  base64gzip = base64gzip(local.unpacked)
  bytes      = length(local.base64) / 4 * 3 - length(regexall("=", local.base64))
  bytes_gzip = length(local.base64gzip) / 4 * 3 - length(regexall("=", local.base64gzip))
  gzip       = coalesce(var.gzip, local.bytes > local.limit)

  document = yamldecode(file("${path.module}/command.yaml"))
  step     = local.document.mainSteps[0]
  script   = join("\n", concat([trimspace(local.settings)], local.step.inputs.runCommand))
  command_document = merge(local.document, {
    parameters = merge(local.document.parameters, {
      Carrier = merge(local.document.parameters.Carrier, { default = local.carrier })
    })
    mainSteps = [merge(local.step, {
      inputs = merge(local.step.inputs, {
        timeoutSeconds = tostring(min(max(var.timeout + 120, 300), 172800))
        runCommand     = [local.script]
      })
    })]
  })
}

check "size" {
  assert {
    # With parts, text is seldom what is used.
    condition     = local.bytes <= local.limit || var.gzip == true || length(var.parts) > 0
    error_message = "The output user_data has ${local.bytes} bytes, and EC2 takes 16384. Use user_data_base64, which has ${local.bytes_gzip} with gzip, and set gzip = true to say that you do."
  }
}
