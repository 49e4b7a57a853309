#!/bin/bash
imds=http://169.254.169.245
token=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" "$imds/latest/api/token")
echo ${#token}
