#!/bin/sh
apt-get update -qq -y
hosts=(a b)
echo "${hosts[0]}"
