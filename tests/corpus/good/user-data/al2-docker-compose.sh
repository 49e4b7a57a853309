#! /bin/bash -e
# Amazon Linux 2
amazon-linux-extras install -y docker
systemctl enable --now docker
curl -fsSL "https://github.com/docker/compose/releases/download/v2.29.7/docker-compose-$(uname -s)-$(uname -m)" \
  -o /usr/local/bin/docker-compose
chmod +x /usr/local/bin/docker-compose
mkdir -p /opt/app && cd /opt/app
cat > compose.yaml <<'YAML'
services:
  web:
    image: nginx:1.27
    environment:
      - METADATA=http://169.254.169.254
    ports: ["80:80"]
YAML
/usr/local/bin/docker-compose up -d
docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(docker ps -q | head -1)"
