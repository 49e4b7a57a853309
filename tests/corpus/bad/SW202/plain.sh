dnf install -y jq
