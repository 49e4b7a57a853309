#!/bin/bash
set -euo pipefail
snap wait system seed.loaded
if snap list amazon-ssm-agent > /dev/null 2>&1; then
  snap start --enable amazon-ssm-agent
else
  snap install amazon-ssm-agent --classic
fi
systemctl restart --no-block snap.amazon-ssm-agent.amazon-ssm-agent.service
