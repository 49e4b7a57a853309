#!/bin/sh
sudo snap install --classic amazon-ssm-agent
sudo systemctl enable amazon-ssm-agent
sudo systemctl restart --no-block amazon-ssm-agent &
