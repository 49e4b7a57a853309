#!/usr/bin/env bash
# A subnet without IPv4: the metadata service answers on its IPv6 address.
set -o errexit -o nounset -o pipefail

readonly METADATA='http://[fd00:ec2::254]/latest'

token="$(curl --silent --fail --globoff --request PUT "${METADATA}/api/token" \
  --header 'X-aws-ec2-metadata-token-ttl-seconds: 60')"

metadata() {
  curl --silent --fail --globoff --header "X-aws-ec2-metadata-token: ${token}" "${METADATA}/meta-data/${1}"
}

mac="$(metadata mac)"
prefix="$(metadata "network/interfaces/macs/${mac}/ipv6-prefix" || true)"
echo "delegated prefix: ${prefix:-none}" >> /var/log/first-boot.log

curl --silent --fail --globoff "http://[fd00:ec2::254]/latest/meta-data/local-hostname" \
  --header "X-aws-ec2-metadata-token: ${token}" > /etc/local-hostname
