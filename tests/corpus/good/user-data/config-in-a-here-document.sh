#!/bin/bash
cat > /etc/cloud/cloud.cfg.d/99.cfg <<'EOF'

#cloud-config
preserve_hostname: true
EOF
chmod 600 /etc/cloud/cloud.cfg.d/99.cfg
