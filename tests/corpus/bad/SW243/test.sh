#!/bin/bash
apt-get -y update
apt-get -y upgrade
test -r /var/run/reboot-required && shutdown -r now
