# Rendered by ssmwake from templates/; do not edit.
variable "role" {
  description = "Wait for this role, and past any other; null takes any."
  type        = string
  default     = null

  validation {
    condition     = var.role == null || can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.role))
    error_message = "role must be the name of an IAM role, not an ARN: 1 to 64 letters, digits and _+=,.@- are allowed."
  }
}

variable "timeout" {
  description = "Seconds that a wait for the role and the agent may take; null keeps what was rendered."
  type        = number
  default     = null

  validation {
    condition     = var.timeout == null || can(regex("^[1-9][0-9]{0,4}$", tostring(var.timeout))) && coalesce(var.timeout, 1) <= 86400
    error_message = "timeout must be whole seconds from 1 to 86400."
  }
}

variable "poll" {
  description = "Seconds between two questions to the metadata service without a role; null keeps what was rendered."
  type        = number
  default     = null

  validation {
    condition     = var.poll == null || can(regex("^[1-9][0-9]{0,3}$", tostring(var.poll))) && coalesce(var.poll, 1) <= 3600
    error_message = "poll must be whole seconds from 1 to 3600."
  }
}

variable "poll_healthy" {
  description = "Seconds between two questions when the agent is online; null keeps what was rendered."
  type        = number
  default     = null

  validation {
    condition     = var.poll_healthy == null || can(regex("^[1-9][0-9]{0,4}$", tostring(var.poll_healthy))) && coalesce(var.poll_healthy, 1) <= 86400
    error_message = "poll_healthy must be whole seconds from 1 to 86400."
  }
}

variable "restart_after" {
  description = "Seconds after which an agent that is not online is restarted again, the last repeats; null keeps what was rendered."
  type        = list(number)
  default     = null

  validation {
    condition = var.restart_after == null || (
      length(coalesce(var.restart_after, [1])) <= 20 &&
      can(regex("^([1-9][0-9]{0,4} )+$", join("", [for each in coalesce(var.restart_after, [1]) : "${each} "]))) &&
      alltrue([for each in coalesce(var.restart_after, [1]) : each <= 86400])
    )
    error_message = "restart_after must be 1 to 20 whole numbers of seconds from 1 to 86400."
  }
}

variable "instance_connect" {
  description = "Whether the unit of EC2 Instance Connect is restarted too, where there is one; null keeps what was rendered."
  type        = bool
  default     = null
}

variable "on_ready" {
  description = "Shell commands that need the role; they run as root, once the role is there. Empty keeps what was rendered."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for command in var.on_ready : can(regex("\\S", command))])
    error_message = "on_ready holds an empty command; write one or remove it."
  }
}

variable "command_document_name" {
  description = "Name of the Command document."
  type        = string
  default     = "ssmwake"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,128}$", var.command_document_name)) && !can(regex("^(?i)(aws|amazon|amzn)", var.command_document_name))
    error_message = "command_document_name must have 3 to 128 letters, digits and _.-, and not begin with aws, amazon or amzn."
  }
}

variable "rescue_document_name" {
  description = "Name of the Automation runbook."
  type        = string
  default     = "ssmwake-rescue"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,128}$", var.rescue_document_name)) && !can(regex("^(?i)(aws|amazon|amzn)", var.rescue_document_name))
    error_message = "rescue_document_name must have 3 to 128 letters, digits and _.-, and not begin with aws, amazon or amzn."
  }
}

variable "create_documents" {
  description = "Whether the two SSM documents are made in this account and region."
  type        = bool
  default     = true
  nullable    = false
}

variable "association_tag" {
  description = "Tag of the instances that State Manager keeps ssmwake on; null makes no association."
  type        = object({ key = string, value = string })
  default     = { key = "ssmwake", value = "managed" }

  validation {
    condition     = var.association_tag == null || can(regex("^.{1,128}$", var.association_tag.key))
    error_message = "association_tag.key must have 1 to 128 characters; give null for no association."
  }
}

variable "association_schedule" {
  description = "How often the association runs, besides at once on every new instance."
  type        = string
  default     = "rate(1 day)"
  nullable    = false

  validation {
    condition     = can(regex("^(rate\\(([3-9][0-9]|[1-9][0-9]{2,4}) minutes\\)|rate\\(1 (hour|day)\\)|rate\\([2-9] (hours|days)\\)|rate\\([1-9][0-9]{1,2} hours\\)|rate\\([1-2][0-9] days\\)|rate\\(30 days\\)|cron\\([0-9A-Za-z*/?#, -]+\\))$", var.association_schedule))
    error_message = "association_schedule must be rate(30 minutes) to rate(30 days), or cron(...)."
  }
}

variable "tags" {
  description = "Tags of the documents."
  type        = map(string)
  default     = {}
  nullable    = false
}
