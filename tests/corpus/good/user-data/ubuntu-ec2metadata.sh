#!/bin/bash
# cloud-init has read the metadata already: ask it, and not the network.
set -euo pipefail
instance_id=$(cloud-init query instance_id)
region=$(cloud-init query region)
name=$(cloud-init query ds.meta_data.tags.instance.Name 2> /dev/null || echo unnamed)
printf 'INSTANCE_ID=%s\nREGION=%s\nNAME=%s\n' "$instance_id" "$region" "$name" > /etc/default/shop
ec2metadata --availability-zone >> /run/zone
