#!/bin/bash
TOKEN=$(curl -sf -X PUT http://169.254.169.254/latest/api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 300")
HEADER='X-aws-ec2-metadata-token: $TOKEN'
MISSPELT="X-aws-ec2-metadta-token: $TOKEN"
RIGHT="X-aws-ec2-metadata-token: $TOKEN"
curl -sf -H "$HEADER" http://169.254.169.254/latest/meta-data/instance-id
curl -sf -H "${MISSPELT}" http://169.254.169.254/latest/meta-data/instance-id
curl -sf -H "$MISSPELT" http://169.254.169.254/latest/meta-data/ami-id
curl -sf -H "$RIGHT" http://169.254.169.254/latest/meta-data/ami-id
