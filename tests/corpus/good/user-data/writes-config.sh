#!/bin/bash
echo "
runcmd:
  - date
" > /etc/cloud/cloud.cfg.d/99-date.cfg
cat > /root/user-data <<EOF
users:
- default
EOF
python3 -c '
packages:
  - none
'
