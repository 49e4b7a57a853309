# Rendered by ssmwake from templates/; do not edit.
data "aws_caller_identity" "here" {}

data "aws_partition" "here" {}

data "aws_region" "here" {}

locals {
  account   = data.aws_caller_identity.here.account_id
  partition = data.aws_partition.here.partition
  region    = data.aws_region.here.id

  # Where CloudTrail has the id of the instance: in the request of the one call, in the response of the other.
  events = {
    attached = {
      api  = "AssociateIamInstanceProfile"
      path = "$.detail.requestParameters.AssociateIamInstanceProfileRequest.InstanceId"
      has  = { requestParameters = { AssociateIamInstanceProfileRequest = { InstanceId = [{ prefix = "i-" }] } } }
    }
    replaced = {
      api  = "ReplaceIamInstanceProfileAssociation"
      path = "$.detail.responseElements.ReplaceIamInstanceProfileAssociationResponse.iamInstanceProfileAssociation.instanceId"
      has = { responseElements = { ReplaceIamInstanceProfileAssociationResponse = {
        iamInstanceProfileAssociation = { instanceId = [{ prefix = "i-" }] }
      } } }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.events

  name        = "${var.name}-${each.key}"
  description = "Start the rescue runbook for an instance when its instance profile is ${each.key}"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.ec2"]
    detail-type = ["AWS API Call via CloudTrail"]
    detail = merge(each.value.has, {
      eventSource = ["ec2.amazonaws.com"]
      eventName   = [each.value.api]
      # A call that failed attached nothing.
      errorCode = [{ exists = false }]
      # What the runbook attaches itself, it looks after itself.
      "$or" = [
        { userIdentity = { sessionContext = { sessionIssuer = { arn = [{ exists = false }] } } } },
        { userIdentity = { sessionContext = { sessionIssuer = { arn = [{ anything-but = [var.runbook_role_arn] }] } } } },
      ]
    })
  })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.events

  rule     = aws_cloudwatch_event_rule.this[each.key].name
  arn      = "arn:${local.partition}:ssm:${local.region}:${local.account}:automation-definition/${var.rescue_document_name}:$DEFAULT"
  role_arn = aws_iam_role.start.arn

  input_transformer {
    input_paths    = { instance = each.value.path }
    input_template = "{\"InstanceId\":[<instance>],\"Fallback\":[\"${var.fallback}\"],\"AutomationAssumeRole\":[\"${var.runbook_role_arn}\"]}"
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 3600
  }
}

resource "aws_iam_role" "start" {
  name_prefix          = "${var.name}-"
  description          = "What the rules may do, which is to start the rescue runbook"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "start" {
  name = "start"
  role = aws_iam_role.start.id
  policy = jsonencode(jsondecode(replace(replace(replace(replace(replace(
    file("${path.module}/start.json"),
    "arn:@partition@:iam::@account@:role/@runbook-role@", var.runbook_role_arn),
    "@account@", local.account),
    "@partition@", local.partition),
    "@region@", local.region),
  "@runbook@", var.rescue_document_name)))
}

# What could not be started within an hour; look here if an instance was not rescued.
resource "aws_sqs_queue" "dead_letters" {
  name_prefix               = "${var.name}-"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.dead_letters.arn
      Condition = { ArnEquals = { "aws:SourceArn" = [for rule in aws_cloudwatch_event_rule.this : rule.arn] } }
    }]
  })
}
