#!/bin/bash
# RHEL 9: Docker from its own repository, and the SSM agent, which Red Hat's images do not carry.
set -e
dnf -y install dnf-plugins-core
dnf config-manager --add-repo https://download.docker.com/linux/rhel/docker-ce.repo
dnf -y install docker-ce docker-ce-cli containerd.io docker-compose-plugin
systemctl enable --now docker
usermod -aG docker ec2-user

arch=$(uname -m)
case "$arch" in
  x86_64) agent=linux_amd64 ;;
  aarch64) agent=linux_arm64 ;;
  *)
    echo "no SSM agent for $arch" >&2
    exit 1
    ;;
esac
dnf -y install "https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest/$agent/amazon-ssm-agent.rpm"
systemctl enable --now amazon-ssm-agent

docker run -d --name cache --restart unless-stopped -p 127.0.0.1:6379:6379 redis:7
docker ps --format '{{ .Names }} {{ .Status }}'
