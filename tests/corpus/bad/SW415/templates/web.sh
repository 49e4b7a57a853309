#!/bin/sh
code=$(curl -s -o /dev/null --write-out '%{response_code}' "http://localhost:${port}/")
printf '%s %s\n' "$code" "$(date +%s)" > /run/web
