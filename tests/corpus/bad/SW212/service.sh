#!/bin/sh
yum install -y jq
service amazon-ssm-agent restart
