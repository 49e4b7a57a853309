#!/bin/sh
cat > /usr/local/bin/shop <<'EOF'
#!/bin/sh
source /etc/shop
export SHOP
EOF
