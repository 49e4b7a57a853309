#!/bin/bash
imds=http://169.254.169.254/latest/meta-data
token=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token)
mac=$(curl -s -H "X-aws-ec2-metadata-token: $token" "$imds/mac")
curl -s -H "X-aws-ec2-metadata-token: $token" "$imds/network/interfaces/macs/$mac/vpcid"
