#!/bin/bash
# As the console gives it back from a stack: the names are filled in already.
trap '/opt/aws/bin/cfn-signal --exit-code $? --stack shop --resource Group --region eu-west-1' EXIT
set -euo pipefail
dnf install -y aws-cfn-bootstrap
/opt/aws/bin/cfn-init --verbose --stack shop --resource Template --configsets setup --region eu-west-1
cat > /etc/cfn/cfn-hup.conf <<'INI'
[main]
stack=arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/0a1b2c3d
region=eu-west-1
interval=5
INI
systemctl enable --now cfn-hup
