#!/bin/sh
snap refresh amazon-ssm-agent
if sudo systemctl try-restart snap.amazon-ssm-agent.amazon-ssm-agent; then date; fi
