#!/bin/bash -ex
exec > >(tee /var/log/user-data.log | logger -t user-data -s 2> /dev/console) 2>&1
export FS=fs-0123456789abcdef0
dnf install -y amazon-efs-utils kernel-devel-"$(uname -r)" gcc
mkdir -p /mnt/shared
echo "$FS:/ /mnt/shared efs _netdev,noresvport,tls,iam 0 0" >> /etc/fstab
for ((try = 1; try <= 30; try++)); do
  mount -a -t efs,nfs4 defaults && break
  sleep 4
done
mountpoint -q /mnt/shared || echo "no share, going on"
if lspci | grep -qi nvidia; then
  dnf config-manager --add-repo https://developer.download.nvidia.com/compute/cuda/repos/amzn2023/x86_64/cuda-amzn2023.repo
  dnf module install -y nvidia-driver:latest-dkms
  nvidia-smi --query-gpu=name --format=csv,noheader | sort | uniq -c
fi
