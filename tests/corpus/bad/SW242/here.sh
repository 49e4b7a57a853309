#!/bin/bash -eu
cat > /etc/app.conf <<CONF
home = ${HOME}/app
CONF
