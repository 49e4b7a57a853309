# Rendered by ssmwake from templates/; do not edit.
variable "rescue_document_name" {
  description = "Name of the Automation runbook."
  type        = string
  default     = "ssmwake-rescue"
  nullable    = false
}

variable "runbook_role_arn" {
  description = "ARN of the role of the runbook, the output role_arn of modules/rescue."
  type        = string
  nullable    = false
}

variable "fallback" {
  description = "What to do to an instance that does not come online by itself; only to one that carries the tag ssmwake=managed."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "reboot", "stop-start"], var.fallback)
    error_message = "fallback must be none, reboot or stop-start."
  }
}

variable "name" {
  description = "Beginning of the names of what is created."
  type        = string
  default     = "ssmwake-on-attach"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,32}$", var.name))
    error_message = "name must have 1 to 32 letters, digits and _-"
  }
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary for the role that is created; null for none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of what is created."
  type        = map(string)
  default     = {}
  nullable    = false
}
