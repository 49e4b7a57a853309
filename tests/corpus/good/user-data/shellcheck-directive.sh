#!/bin/bash
set -eu
packages="nginx jq"
options=$(cat /etc/first-boot.options 2> /dev/null || true)
# shellcheck disable=SC2086  # words on purpose
dnf install -y $options $packages
. /etc/os-release
echo "$PRETTY_NAME" > /run/os
# shellcheck source=/dev/null
[ -r /etc/default/shop ] && . /etc/default/shop
exit 0
