#!/bin/bash
# The configuration of the agent lies in Parameter Store, so that a change needs no new image.
set -euo pipefail
dnf install -y amazon-cloudwatch-agent
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl \
  -a fetch-config -m ec2 -s -c ssm:AmazonCloudWatch-web-tier

# The same from a file, for hosts that may not read parameters.
if ! systemctl is-active --quiet amazon-cloudwatch-agent; then
  cat > /opt/aws/amazon-cloudwatch-agent/etc/fallback.json <<'JSON'
{
  "agent": {"metrics_collection_interval": 60, "run_as_user": "cwagent"},
  "metrics": {
    "append_dimensions": {"InstanceId": "${aws:InstanceId}"},
    "metrics_collected": {"mem": {"measurement": ["mem_used_percent"]}, "disk": {"resources": ["/"]}}
  },
  "logs": {
    "logs_collected": {"files": {"collect_list": [{"file_path": "/var/log/messages", "log_group_name": "messages"}]}}
  }
}
JSON
  /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl \
    -a fetch-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/fallback.json
fi
