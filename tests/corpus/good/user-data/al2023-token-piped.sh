#!/bin/bash
set -o pipefail
TOKEN=$(curl --silent --show-error --fail \
  --request PUT \
  --header "X-aws-ec2-metadata-token-ttl-seconds: 21600" \
  "http://169.254.169.254/latest/api/token" | tr -d '\r\n') || exit 1

INSTANCE_ID="$(
  curl --silent --fail \
    "http://169.254.169.254/latest/meta-data/instance-id" \
    --header "X-aws-ec2-metadata-token: ${TOKEN}"
)"
export INSTANCE_ID

REGION=$(curl -s --fail http://169.254.169.254/latest/dynamic/instance-identity/document -H "X-aws-ec2-metadata-token: $TOKEN" | jq -r '.region')
aws ec2 describe-tags --region "$REGION" --filters "Name=resource-id,Values=$INSTANCE_ID" \
  --query 'Tags[?Key==`Name`].Value' --output text > /etc/name
