#!/bin/bash
# The snap goes, the package comes: afterwards the unit is amazon-ssm-agent.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
snap remove --purge amazon-ssm-agent || true
curl -fsSL -o /tmp/agent.deb https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest/debian_amd64/amazon-ssm-agent.deb
apt-get install -y /tmp/agent.deb
systemctl enable amazon-ssm-agent
systemctl restart --no-block amazon-ssm-agent
if systemctl list-unit-files ec2-instance-connect.service | grep -q enabled; then
  systemctl try-restart --no-block ec2-instance-connect
fi
