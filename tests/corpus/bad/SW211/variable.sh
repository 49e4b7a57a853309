#!/bin/bash
IMDS=http://169.254.169.254/dynamic/instance-identity
token=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
curl -fs -H "X-aws-ec2-metadata-token: $token" "$IMDS/document"
