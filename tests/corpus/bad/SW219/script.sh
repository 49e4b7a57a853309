#!/bin/sh
apt-get update
snap install amazon-ssm-agent --classic
systemctl --no-block restart amazon-ssm-agent.service
