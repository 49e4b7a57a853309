#!/bin/bash
set -o errexit
date
sudo apt-get -qq update
