#!/bin/bash
# What stands in here as prose is not run:
#   curl http://169.254.169.254/latest/meta-data/instance-id
#   systemctl restart amazon-ssm-agent
set -euo pipefail

cat > /etc/motd.d/10-metadata <<'TEXT'
Ask the metadata service for a token first. This does not work here:
  curl http://169.254.169.254/latest/meta-data/
and neither does the path http://169.254.169.254/meta-data/ at all.
If Session Manager is silent: sudo systemctl restart amazon-ssm-agent
TEXT

echo "never write: curl http://169.254.169.254/latest/user-data" > /etc/motd.d/20-metadata
printf '%s\n' 'wget http://169.254.169.254/latest/meta-data/ is refused' >> /etc/motd.d/20-metadata
touch /run/first-boot # not: curl -s http://169.254.169.254/latest/meta-data/ami-id
: 'An older way, kept for the record:
   curl http://169.254.169.254/latest/meta-data/hostname
'
chmod 0644 /etc/motd.d/*
