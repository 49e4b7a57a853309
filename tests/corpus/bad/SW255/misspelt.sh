#!/bin/bash
token=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-second: 60" http://169.254.169.254/latest/api/token)
curl -s -H "X-aws-ec2-metadata-tokens: $token" http://169.254.169.254/latest/meta-data/instance-id
