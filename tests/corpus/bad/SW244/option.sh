#!/bin/bash -ex
apt install -y jq
