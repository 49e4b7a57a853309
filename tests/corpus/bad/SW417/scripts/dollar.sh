#!/bin/bash
set -eu
name=$(hostname)
# $${name} in a comment does no harm
echo "$${name}" > /run/name
cat > /srv/compose.yaml <<'COMPOSE'
services:
  web:
    command: echo $${HOSTNAME}
COMPOSE
