#!/bin/bash
# Each of these leaves the boot alone: nothing waits for the agent.
set -u
systemd-run --on-active=30s --unit=ssm-agent-once systemctl restart amazon-ssm-agent
systemctl restart --no-block amazon-ssm-agent.service

cat > /etc/systemd/system/ssm-agent-nightly.service <<'UNIT'
[Unit]
Description=Restart the SSM agent

[Service]
Type=oneshot
ExecStart=/usr/bin/systemctl restart amazon-ssm-agent
UNIT
cat > /etc/systemd/system/ssm-agent-nightly.timer <<'UNIT'
[Timer]
OnCalendar=daily
RandomizedDelaySec=1h

[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable --now --no-block ssm-agent-nightly.timer
logger "in need: systemctl restart amazon-ssm-agent"
