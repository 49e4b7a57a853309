#!/bin/bash
TOKEN=$(curl -X PUT "http://169.254.169.254/latest/api/tokens" -H "X-aws-ec2-metadata-token-ttl-seconds: 60")
