#!/bin/sh
cat > /usr/local/bin/shop <<'EOF'
#!/bin/sh
local x=1
export x
EOF
