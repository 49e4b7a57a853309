#!/bin/bash
# Requests to IMDS in the ways that people write them, all of which it answers.
imds=http://169.254.169.254/latest
token=$(curl --request PUT --silent --header 'X-aws-ec2-metadata-token-ttl-seconds: 21600' --url "$imds/api/token")
[ -n "$token" ] || token=`curl -sX PUT -H x-aws-ec2-metadata-token-ttl-seconds:60 169.254.169.254/latest/api/token`
header="X-aws-ec2-metadata-token: $token"
get() { curl -fsS -m 2 -H "$header" "$imds/meta-data/$1"; }
mac=$(get mac)
get network/interfaces/macs/ > /run/macs
get "network/interfaces/macs/$mac/vpc-ipv4-cidr-blocks" > /run/cidrs
get "network/interfaces/macs/${mac}/ipv4-associations/" > /run/addresses
get placement/availability-zone-id > /run/zone
get iam/security-credentials/ > /run/role
get public-keys/0/openssh-key > /run/key
curl -s -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/2021-07-15/dynamic/instance-identity/rsa2048 > /run/identity
sh -c "curl -s -H 'X-aws-ec2-metadata-token: $token' $imds/meta-data/autoscaling/target-lifecycle-state" > /run/state
# What is near it, and something else: the resolver, the clock, and the credentials of a task and of a pod.
dig +short @169.254.169.253 example.com
chronyc -h 169.254.169.123 tracking
curl -s "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" > /run/task
curl -s http://169.254.170.23/v1/credentials > /run/pod
