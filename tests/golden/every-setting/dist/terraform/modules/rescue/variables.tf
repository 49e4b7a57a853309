# Rendered by ssmwake from templates/; do not edit.
variable "command_document_name" {
  description = "Name of the Command document."
  type        = string
  default     = "wake-agent"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,128}$", var.command_document_name)) && !can(regex("^(?i)(aws|amazon|amzn)", var.command_document_name))
    error_message = "command_document_name must have 3 to 128 letters, digits and _.-, and not begin with aws, amazon or amzn."
  }
}

variable "rescue_document_name" {
  description = "Name of the Automation runbook."
  type        = string
  default     = "rescue-agent"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,128}$", var.rescue_document_name)) && !can(regex("^(?i)(aws|amazon|amzn)", var.rescue_document_name))
    error_message = "rescue_document_name must have 3 to 128 letters, digits and _.-, and not begin with aws, amazon or amzn."
  }
}

variable "create_documents" {
  description = "Whether the two SSM documents are created here; false uses those that have these names."
  type        = bool
  default     = true
  nullable    = false
}

variable "role_name" {
  description = "Name of the role of the runbook."
  type        = string
  default     = "ssmwake-rescue"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name must be the name of an IAM role, 1 to 64 letters, digits and _+=,.@-"
  }
}

variable "role_arn" {
  description = "ARN of an existing role for the runbook; null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.role_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.role_arn))
    error_message = "role_arn must be the ARN of an IAM role."
  }
}

variable "instance_role_arns" {
  description = "ARNs of the roles that the runbook may attach to instances; * stands for any text."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.instance_role_arns : can(regex("^arn:[a-z*-]+:iam::[0-9*]+:role/.+$", arn))])
    error_message = "instance_role_arns must hold ARNs of IAM roles, such as arn:aws:iam::123456789012:role/web."
  }
}

variable "allow_restart" {
  description = "Whether the role may reboot, stop and start instances that carry the tag ssmwake=managed; the runbook does so only if asked to."
  type        = bool
  default     = true
  nullable    = false
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
