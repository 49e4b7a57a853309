#!/bin/bash
apt-get install unzip
apt install --no-install-recommends unzip zip
apt-get install unzip jq
