#!/bin/bash
# Behind a proxy: the metadata service, the time server and the endpoints of the VPC are reached without it.
set -euo pipefail
cat > /etc/profile.d/proxy.sh <<'SH'
export https_proxy=http://proxy.example.org:3128
export no_proxy=localhost,127.0.0.1,169.254.169.254,169.254.169.123,fd00:ec2::254,.amazonaws.com
SH
install -d /etc/systemd/system/amazon-ssm-agent.service.d
cat > /etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf <<'UNIT'
[Service]
Environment=https_proxy=http://proxy.example.org:3128
Environment=no_proxy=169.254.169.254
UNIT
systemctl daemon-reload
systemctl --no-block restart amazon-ssm-agent.service
curl --proxy http://proxy.example.org:3128 --noproxy 169.254.169.254 -fsS -o /run/probe https://example.org/
# Only root may ask the metadata service.
iptables -I OUTPUT -d 169.254.169.254 -m owner ! --uid-owner root -j REJECT
