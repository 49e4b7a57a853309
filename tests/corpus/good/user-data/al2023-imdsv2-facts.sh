#!/bin/bash
# Amazon Linux 2023: names the host after its instance id and zone, then installs a web server.
# Bad examples for new colleagues, never to be done: curl http://169.254.169.254/latest/meta-data/ without a token,
# or sleep 60 before the first call.
set -euo pipefail

IMDS=http://169.254.169.254/latest
TOKEN=$(curl -sS --fail --retry 5 -X PUT "$IMDS/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 300")

imds() {
  curl -sS --fail --retry 5 -H "X-aws-ec2-metadata-token: $TOKEN" "$IMDS/meta-data/$1"
}

instance_id=$(imds instance-id)
zone=$(imds placement/availability-zone)
region=$(imds placement/region)

hostnamectl set-hostname "web-${instance_id#i-}"
dnf install -y nginx amazon-cloudwatch-agent
cat > /usr/share/nginx/html/index.html <<HTML
<!doctype html>
<title>$instance_id</title>
<p>Served from $zone in $region.</p>
HTML
systemctl enable --now nginx
