#!/bin/bash
# The role may be attached after launch: look for it until it is served, then fetch the release.
set -uo pipefail

endpoint=http://169.254.169.254/latest
deadline=$((SECONDS + 900))

new_token() {
  curl -fsS --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' "$endpoint/api/token"
}

role_is_served() {
  local token role
  token=$(new_token) || return 1
  role=$(curl -fsS --max-time 5 -H "X-aws-ec2-metadata-token: $token" \
    "$endpoint/meta-data/iam/security-credentials/") || return 1
  [ -n "$role" ] && aws sts get-caller-identity > /dev/null
}

until role_is_served; do
  if ((SECONDS >= deadline)); then
    echo "no role after 15 minutes, going on without the release" >&2
    exit 0
  fi
  sleep 2
done

aws s3 cp s3://example-releases/shop/current.tar.gz /tmp/current.tar.gz
install -d /opt/shop
tar -xzf /tmp/current.tar.gz -C /opt/shop --strip-components=1
systemctl restart --no-block amazon-ssm-agent
