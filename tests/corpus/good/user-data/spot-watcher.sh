#!/bin/bash
# Installs a service that asks every five seconds whether the spot instance is about to go.
set -euo pipefail
cat > /usr/local/bin/spot-watch <<'SCRIPT'
#!/bin/bash
imds=http://169.254.169.254/latest
while :; do
  token=$(curl -fsS -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 30' "$imds/api/token") || { sleep 5; continue; }
  code=$(curl -s -m 2 -o /run/spot-action -w '%{http_code}' -H "X-aws-ec2-metadata-token: $token" \
    "$imds/meta-data/spot/instance-action")
  if [[ $code == 200 ]]; then
    logger -t spot "going: $(cat /run/spot-action)"
    systemctl stop shop
    exit 0
  fi
  sleep 5
done
SCRIPT
chmod 0755 /usr/local/bin/spot-watch
cat > /etc/systemd/system/spot-watch.service <<'UNIT'
[Unit]
Description=Watch for the end of the spot instance

[Service]
ExecStart=/usr/local/bin/spot-watch
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now --no-block spot-watch.service
