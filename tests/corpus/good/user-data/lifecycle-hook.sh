#!/bin/bash
# Tells the Auto Scaling group how it went, whatever happens.
set -uo pipefail
IMDS="http://169.254.169.254/latest"
imds_token() { curl -fsS --retry 10 --retry-connrefused -X PUT "$IMDS/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 900"; }
imds() { curl -fsS --retry 3 -H "X-aws-ec2-metadata-token: ${IMDS_TOKEN:-$(imds_token)}" "$IMDS/meta-data/$1"; }
IMDS_TOKEN="$(imds_token)"
INSTANCE_ID="$(imds instance-id)"
AWS_DEFAULT_REGION="$(imds placement/region)"
export AWS_DEFAULT_REGION
finish() {
  local result=CONTINUE
  [ "$1" -eq 0 ] || result=ABANDON
  aws autoscaling complete-lifecycle-action --auto-scaling-group-name web --lifecycle-hook-name launch \
    --instance-id "$INSTANCE_ID" --lifecycle-action-result "$result"
}
trap 'finish $?' EXIT
state=$(imds autoscaling/target-lifecycle-state)
[[ $state == InService || $state == Warmed:* ]] || exit 0
dnf install -y nginx || exit 1
systemctl enable --now nginx
