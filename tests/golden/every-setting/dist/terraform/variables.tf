# Rendered by ssmwake from templates/; do not edit.
variable "role" {
  description = "The role to wait for; any other role is ignored. Without it, any role will do. Empty for any."
  type        = string
  default     = "web-server"
  nullable    = false

  validation {
    condition     = var.role == "" || can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.role))
    error_message = "role must be the name of an IAM role, not an ARN: 1 to 64 letters, digits and _+=,.@- are allowed."
  }
}

variable "timeout" {
  description = "How long `wait` and `run` wait for the role, and for the agent to come online. In seconds."
  type        = number
  default     = 5400
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,5}$", tostring(var.timeout))) && var.timeout >= 1 && var.timeout <= 86400
    error_message = "timeout must be whole seconds from 1 to 86400."
  }
}

variable "poll" {
  description = "How often the metadata service is asked while there is no role; faster in the first ten minutes. In seconds."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,5}$", tostring(var.poll))) && var.poll >= 1 && var.poll <= 3600
    error_message = "poll must be whole seconds from 1 to 3600."
  }
}

variable "poll_healthy" {
  description = "How often the metadata service is asked while the agent is online. In seconds."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,5}$", tostring(var.poll_healthy))) && var.poll_healthy >= 1 && var.poll_healthy <= 86400
    error_message = "poll_healthy must be whole seconds from 1 to 86400."
  }
}

variable "restart_after" {
  description = "The pauses after which an agent that is not online is restarted again; the last one repeats. In seconds."
  type        = list(number)
  default     = [5, 30, 600]
  nullable    = false

  validation {
    condition = (
      length(var.restart_after) <= 20 &&
      can(regex("^([1-9][0-9]{0,5} )+$", join("", [for each in var.restart_after : "${each} "]))) &&
      alltrue([for each in var.restart_after : each >= 1 && each <= 86400])
    )
    error_message = "restart_after must be 1 to 20 whole numbers of seconds from 1 to 86400."
  }
}

variable "instance_connect" {
  description = "Restart the unit of EC2 Instance Connect too, where an image has one."
  type        = bool
  default     = false
  nullable    = false
}

variable "on_ready" {
  description = "Shell commands that need the role; run as root, once per role, as soon as it is there. null keeps those that were rendered."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for command in coalesce(var.on_ready, []) : can(regex("\\S", command))])
    error_message = "on_ready holds an empty command; write one or remove it."
  }
}

variable "parts" {
  description = "User data of your own, such as scripts, cloud-config and a NodeConfig of EKS. With it, the user data is a multipart; content_type is for what the first line does not say."
  type = list(object({
    content      = string
    content_type = optional(string, "text/plain")
    filename     = optional(string)
    merge_type   = optional(string, "list(append)+dict(no_replace,recurse_list)+str()")
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for part in var.parts : can(regex("^[a-z0-9.+-]+/[a-z0-9.+-]+$", part.content_type)) && part.content_type != "multipart/mixed"])
    error_message = "content_type must be a MIME type such as text/x-shellscript; give the parts of a multipart one by one."
  }

  validation {
    condition     = alltrue([for part in var.parts : !can(regex("(?im)\\A[\\s]*(#.*\\s+)*(mime-version|content-type):", part.content))])
    error_message = "A part is a MIME multipart itself, which nothing would open; give its parts one by one."
  }

  validation {
    condition     = alltrue([for part in var.parts : can(regex("^[A-Za-z0-9_.-]*$", coalesce(part.filename, "-")))])
    error_message = "filename must be letters, digits and _.-"
  }

  validation {
    condition     = alltrue([for part in var.parts : can(regex("^[a-z_,()+]*$", part.merge_type))])
    error_message = "merge_type must be one of cloud-init's, such as list(append)+dict(recurse_array)+str()."
  }
}

variable "gzip" {
  description = "Whether user_data_base64 is compressed; null compresses what is longer than 16384 bytes."
  type        = bool
  default     = null
}

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
  description = "Whether the two SSM documents are created in this account and region; false uses those that have these names."
  type        = bool
  default     = true
  nullable    = false
}

variable "association_tag" {
  description = "Tag of the instances that State Manager keeps ssmwake on; without a value, that is the name of the Command document. null creates no association."
  type        = object({ key = string, value = optional(string) })
  default     = { key = "ssmwake:stack" }

  validation {
    condition     = var.association_tag == null || can(regex("^[A-Za-z0-9_.:/=@ -]{1,128}$", var.association_tag.key)) && !can(regex("^(?i)aws:", var.association_tag.key))
    error_message = "association_tag.key must have 1 to 128 letters, digits, blanks and _.:/=@-, and not begin with aws:; give null for no association."
  }

  validation {
    condition     = var.association_tag == null || can(regex("^[A-Za-z0-9_.:/=+@ -]{1,256}$", coalesce(var.association_tag.value, "-")))
    error_message = "association_tag.value must have 1 to 256 letters, digits, blanks and _.:/=+@-."
  }
}

variable "association_schedule" {
  description = "How often the association runs, besides at once on every new instance."
  type        = string
  default     = "rate(1 day)"
  nullable    = false

  validation {
    condition     = can(regex("^(rate\\((([3-9][0-9]|[1-9][0-9]{2,3}|[1-3][0-9]{4}|4[0-2][0-9]{3}|43[01][0-9]{2}|43200) minutes|1 hour|([2-9]|[1-9][0-9]|[1-6][0-9]{2}|7[01][0-9]|720) hours|1 day|([2-9]|[12][0-9]|30) days)\\)|cron\\([0-9A-Za-z*/?#,-]+( [0-9A-Za-z*/?#,-]+){5}\\))$", var.association_schedule))
    error_message = "association_schedule must be rate(30 minutes) to rate(30 days), or cron(...) with its six fields."
  }
}

variable "tags" {
  description = "Tags of the documents."
  type        = map(string)
  default     = {}
  nullable    = false
}
