#!/bin/bash
cd /tmp
curl -LO https://example.com/$(curl -s https://example.com/latest)/tool
mkdir -p /srv/app && cd /srv/app/
cd ..
cd "$HOME" && date
cd
cat /sys/class/net/$(cat /sys/class/net/bonding_masters)/address
