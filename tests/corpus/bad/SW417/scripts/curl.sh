#!/bin/sh
code=$(curl -s -o /dev/null -w '%%{http_code}' http://localhost/)
echo "$code" > /run/code
