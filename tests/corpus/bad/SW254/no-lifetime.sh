#!/bin/bash
token=$(curl -s -X PUT http://169.254.169.254/latest/api/token)
echo ${#token}
