#!/bin/bash
closing=${1:-"}"} all=${2:-$( (echo ")"; echo "}") )} quoted="${3:-"{"}"
curl -sf http://169.254.169.254/latest/meta-data/instance-id
