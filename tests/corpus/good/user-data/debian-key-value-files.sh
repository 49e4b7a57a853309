#!/bin/bash
# Files of many syntaxes, written by heredocs.
set -euo pipefail
cat > /etc/shop.yaml <<'YAML'
listen: 0.0.0.0:8080
database: {host: db.internal, port: 5432}
UserData: none
runcmd: [not, cloud-config]
YAML
cat > /etc/shop.toml <<'TOML'
[server]
port = 8080
name = "shop"
TOML
cat <<-INI > /etc/shop.ini
	[section]
	key: value
	host = $(hostname)
INI
cat > /usr/local/bin/rotate <<'SCRIPT'
#!/bin/sh
set -eu
for file in /var/log/shop/*.log; do
    [ -e "$file" ] || continue
    gzip -f "$file"
done
SCRIPT
chmod 0755 /usr/local/bin/rotate
tee /etc/cron.d/rotate > /dev/null <<'CRON'
15 3 * * * root /usr/local/bin/rotate
CRON
python3 - <<'PY'
import json
print(json.dumps({"a": [1, 2, {"b": "}"}]}))
PY
awk 'BEGIN { print "${not a shell variable}" }' > /run/awk
