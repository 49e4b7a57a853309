#!/bin/bash
token=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" https://169.254.169.254/latest/api/token)
echo ${#token}
