# Rendered by ssmwake from templates/; do not edit.
output "dead_letter_queue_url" {
  description = "Queue of events that could not start the runbook."
  value       = aws_sqs_queue.dead_letters.id
}

output "dead_letter_queue_arn" {
  description = "ARN of that queue, for alarms."
  value       = aws_sqs_queue.dead_letters.arn
}

output "rule_arns" {
  description = "The rules, for a profile that is attached and for one that is replaced."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.arn }
}

output "role_arn" {
  description = "The role with which the rules start the runbook."
  value       = aws_iam_role.start.arn
}
