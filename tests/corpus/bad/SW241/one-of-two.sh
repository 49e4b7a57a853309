#!/bin/bash
DEBIAN_FRONTEND=noninteractive apt-get install -y postfix
apt-get install -y tzdata
sudo -E apt-get install -y slapd
