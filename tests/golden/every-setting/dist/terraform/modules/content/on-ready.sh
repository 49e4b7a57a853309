#!/bin/sh
set -e
mkdir /srv/app
cat >/etc/motd <<'MOTD'
Grüße, {{ name }}: $PATH isn't expanded
MOTD

