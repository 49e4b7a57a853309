#!/bin/bash
# Takes its volume and its address, formats only what is empty, and mounts.
set -euxo pipefail
TOKEN=$(curl -X PUT "http://169.254.169.254/latest/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 21600" -s)
AUTH_HEADER="X-aws-ec2-metadata-token: ${TOKEN}"
ID=$(curl -H "$AUTH_HEADER" -s "http://169.254.169.254/latest/meta-data/instance-id")
AZ=$(curl -H "$AUTH_HEADER" -s "http://169.254.169.254/latest/meta-data/placement/availability-zone")
export AWS_DEFAULT_REGION="${AZ::-1}"
VOLUME=$(aws ec2 describe-volumes --filters Name=tag:Name,Values=data Name=availability-zone,Values="$AZ" \
  --query 'Volumes[0].VolumeId' --output text)
aws ec2 attach-volume --volume-id "$VOLUME" --instance-id "$ID" --device /dev/sdf
device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}
for _ in $(seq 60); do [ -e "$device" ] && break; sleep 1; done
blkid "$device" || mkfs.xfs "$device"
mkdir -p /srv/data
echo "$device /srv/data xfs defaults,nofail 0 2" >> /etc/fstab
mount -a
aws ec2 associate-address --allocation-id eipalloc-0123456789abcdef0 --instance-id "$ID" --allow-reassociation
