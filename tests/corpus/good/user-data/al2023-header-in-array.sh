#!/bin/bash
set -euo pipefail
imds="http://169.254.169.254/latest"
declare -a auth
auth=(--header "X-aws-ec2-metadata-token: $(curl -fsS -XPUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token")")

curl -fsS "${auth[@]}" http://169.254.169.254/latest/meta-data/instance-id > /etc/instance-id
curl -fsS "${auth[@]}" "$imds/dynamic/instance-identity/document" | jq -r .accountId > /etc/account-id

declare -A facts=([type]=instance-type [az]=placement/availability-zone)
for name in "${!facts[@]}"; do
  facts[$name]=$(curl -fsS "${auth[@]}" "$imds/meta-data/${facts[$name]}")
  printf '%s=%s\n' "$name" "${facts[$name]}"
done > /etc/facts
