#!/bin/bash
token=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/2021-07-15/api/token)
echo ${#token}
