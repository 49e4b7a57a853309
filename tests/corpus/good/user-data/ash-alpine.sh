#!/bin/sh
# Alpine: busybox, OpenRC, and a wget that knows no methods, so tiny-cloud has asked already.
set -eu
apk update
apk add --no-cache curl jq openrc
token=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
curl -fsS -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/local-hostname > /etc/hostname
hostname -F /etc/hostname
rc-update add sshd default
