#!/bin/bash
T=$(mktemp)
trap "rm -f $T" EXIT
kubectl get x -o jsonpath={.a.b}
awk {'print $2'} /x
while read -r l; do export $l; done < /etc/settings
sudo echo x > /etc/y
echo hello | sudo tee /etc/z
arr=($(ls))
local_=1
: > /etc/empty
> /etc/empty2
