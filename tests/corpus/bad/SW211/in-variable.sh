#!/bin/sh
base=http://169.254.169.254
path=meta-data/ami-id
token=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $base/latest/api/token)
curl -s -H "X-aws-ec2-metadata-token: $token" "$base/meta-data/ami-id"
