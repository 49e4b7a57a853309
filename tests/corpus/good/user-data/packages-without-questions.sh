#!/bin/bash
set -eu
export HOME="${HOME:-/root}" DEBIAN_FRONTEND=noninteractive
apt_get() { apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@"; }
if command -v apt-get > /dev/null; then
  apt_get update
  apt_get install -fy jq
  apt-get -qq install nginx
  sudo DEBIAN_FRONTEND=noninteractive apt-get install --yes postfix
elif command -v dnf > /dev/null; then
  yes="-y"
  dnf install $yes jq
  dnf module list
  dnf check-update || true
else
  yum -q -y update
  yum list installed jq || yes | yum install jq
  amazon-linux-extras enable docker
  amazon-linux-extras install docker -y
fi
echo "yum install is what people type" > "$HOME/notes"
for name in HOME PATH; do echo "$name is ${!name}"; done
systemctl start --no-block ecs
systemctl enable ecs
