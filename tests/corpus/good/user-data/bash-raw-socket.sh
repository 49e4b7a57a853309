#!/bin/bash
# A minimal image: neither curl nor wget nor python, but bash can open a connection.
set -eu
ask() {
  local method=$1 path=$2 header=$3 line
  exec 3<> /dev/tcp/169.254.169.254/80
  printf '%s /latest/%s HTTP/1.0\r\nHost: 169.254.169.254\r\n%s\r\n\r\n' "$method" "$path" "$header" >&3
  while IFS=$'\r' read -r line <&3 && [[ -n $line ]]; do :; done
  cat <&3
  exec 3>&-
}
token=$(ask PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60')
ask GET meta-data/instance-id "X-aws-ec2-metadata-token: $token" > /etc/instance-id
