#!/bin/bash
export DEBIAN_FRONTEND=noninteractive
sudo apt-get install -y krb5-user
