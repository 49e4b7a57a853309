#!/bin/bash
# A NAT instance: forwards, and leaves the metadata service to itself.
set -euo pipefail
dnf install -y iptables-services
echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-nat.conf
sysctl -p /etc/sysctl.d/90-nat.conf
interface=$(ip -o route get 1.1.1.1 | awk '{for (i = 1; i < NF; i++) if ($i == "dev") print $(i + 1)}')
iptables -t nat -A POSTROUTING -o "$interface" -j MASQUERADE
iptables -A FORWARD -d 169.254.169.254 -j DROP
service iptables save
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
id=$(curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)
aws ec2 modify-instance-attribute --instance-id "$id" --no-source-dest-check --region eu-west-1
