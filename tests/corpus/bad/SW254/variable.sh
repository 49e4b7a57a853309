#!/bin/bash
imds=http://169.254.169.254/latest
token=$(curl -s -X POST "$imds/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 60")
curl -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/"
