#!/bin/bash
export DEBIAN_FRONTEND=non-interactive
apt-get install -y nginx
