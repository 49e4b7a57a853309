#!/bin/bash
# Words that look like secrets, and are none.
set -euo pipefail
umask 077
DB_PASSWORD=$(openssl rand -base64 24)
aws ssm put-parameter --name /shop/db-password --type SecureString --value "$DB_PASSWORD" --overwrite > /dev/null
unset DB_PASSWORD

PASSWORD_FILE=/run/secrets/database
SECRET_ARN=arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/database-AbCdEf
ACCESS_KEY_PARAMETER=/shop/mail/access-key-id
printf 'password_file: %s\nsecret_arn: %s\nkey: %s\n' "$PASSWORD_FILE" "$SECRET_ARN" "$ACCESS_KEY_PARAMETER" > /etc/shop.yaml

cat > /root/.aws-config.example <<'INI'
[default]
# aws_access_key_id = AKIAIOSFODNN7EXAMPLE
# aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
credential_source = Ec2InstanceMetadata
INI
sed -i 's/^#\?PasswordAuthentication .*/PasswordAuthentication no/' /etc/ssh/sshd_config
if grep -rqs -e '-----BEGIN RSA PRIVATE KEY-----' /srv/site; then
  echo "a private key lies in /srv/site, remove it" >&2
  exit 1
fi
cat > /etc/shop-signing.pub <<'PEM'
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAExampleOfAPublicKeyThatAnybodyMayKnow0000000=
-----END PUBLIC KEY-----
PEM
passwd --lock root
