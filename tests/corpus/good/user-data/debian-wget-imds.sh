#!/bin/sh
# Debian cloud images come without curl; wget does the same with a method and a header.
set -eu
export DEBIAN_FRONTEND=noninteractive

base=http://169.254.169.254/latest
token=$(wget -qO- --method=PUT --header='X-aws-ec2-metadata-token-ttl-seconds: 120' "$base/api/token")
lookup() {
    wget -qO- --header="X-aws-ec2-metadata-token: $token" "$base/meta-data/$1"
}

printf 'INSTANCE_ID=%s\nAZ=%s\n' "$(lookup instance-id)" "$(lookup placement/availability-zone)" > /etc/default/instance

apt-get update
apt-get install -y --no-install-recommends postgresql-client jq unattended-upgrades
