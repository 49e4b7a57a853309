#!/bin/bash
yum update -y
cat > /etc/example.yaml <<'EOF'
runcmd:
  - not this
EOF

runcmd: # commands

  - systemctl start httpd
