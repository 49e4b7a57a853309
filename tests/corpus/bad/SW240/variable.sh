#!/bin/bash
packages='git jq'
if ! sudo dnf -q install $packages; then
  echo failed
fi
