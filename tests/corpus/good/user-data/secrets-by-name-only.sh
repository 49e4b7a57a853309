#!/bin/bash
# Names of secrets, and files that are made of them on the instance; not one value.
set -euo pipefail
umask 077
export AWS_DEFAULT_REGION=eu-west-1

DB_SECRET=Prod/shop-db1
MAIL_API_KEY=ShopMailKey-a1B2c3
export DB_SECRET MAIL_API_KEY
value() { aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text; }

password=$(value "$DB_SECRET")
printf 'DATABASE_URL=postgresql://shop:%s@db.internal/shop\n' "$password" > /etc/shop.env
echo "AMQP_URL=amqp://shop:${password}@mq.internal:5672/%2F" >> /etc/shop.env
echo "mail_key=$(value "$MAIL_API_KEY")" >> /etc/shop.env

body=$(value shop/tls-key)
printf '%s\n%s\n%s\n' '-----BEGIN CERTIFICATE REQUEST-----' 'MIIB' '-----END CERTIFICATE REQUEST-----' > /dev/null
printf '-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n' "$body" > /etc/ssl/shop.key
cat > /etc/ssl/second.key <<PEM
-----BEGIN EC PRIVATE KEY-----
$(value shop/second-key)
-----END EC PRIVATE KEY-----
PEM

echo "app:$(openssl rand -base64 18)" | chpasswd
usermod --password '!' guest || true
docker buildx build --build-context base=docker-image://alpine:3.20.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 /opt/shop
git clone --depth 1 "https://oauth2:$(value shop/git)@git.example.org/shop.git" /opt/shop-source
git clone ssh://git@git.example.org:7999/shop/site.git /srv/site
unset password body
