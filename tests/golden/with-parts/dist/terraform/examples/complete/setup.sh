#!/bin/sh
echo "your own setup" >/etc/motd
