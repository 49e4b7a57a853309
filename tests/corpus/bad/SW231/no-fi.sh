#!/bin/bash
set -e
if systemctl is-active --quiet docker; then
  echo "docker runs"
