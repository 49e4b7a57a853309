#!/bin/bash
# The tool of Amazon Linux fetches a token by itself.
set -euo pipefail
instance_id=$(ec2-metadata --quiet --instance-id)
zone=$(ec2-metadata -z | cut -d ' ' -f 2)
region=${zone%[a-z]}

aws ec2 create-tags --region "$region" --resources "$instance_id" --tags "Key=BootedAt,Value=$(date -u +%FT%TZ)"
