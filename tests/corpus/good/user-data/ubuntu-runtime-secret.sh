#!/bin/bash
# The password of the database is never in here: the instance asks for it by its role.
set -euo pipefail
umask 077

export AWS_DEFAULT_REGION=eu-central-1
snap install aws-cli --classic
for attempt in $(seq 1 30); do
  if secret=$(aws secretsmanager get-secret-value --secret-id shop/database --query SecretString --output text); then
    break
  fi
  echo "attempt $attempt: no secret yet" >&2
  sleep 2
done

jq -r '"DB_USER=\(.username)\nDB_PASSWORD=\(.password)"' <<< "${secret:?the role may not read shop/database}" > /etc/shop.env
API_KEY=$(aws ssm get-parameter --name /shop/api-key --with-decryption --query Parameter.Value --output text)
printf 'API_KEY=%s\n' "$API_KEY" >> /etc/shop.env
unset secret API_KEY
systemctl enable --now shop.service
