#!/bin/sh
yum -y update
[ -e /run/reboot ] && touch /run/seen && reboot
