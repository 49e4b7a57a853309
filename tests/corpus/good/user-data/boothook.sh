#cloud-boothook
#!/bin/sh
# Runs at each boot, early: quiet for the second time.
cloud-init-per instance sysctl-tuning sh -c 'printf "net.core.somaxconn=4096\nvm.swappiness=10\n" > /etc/sysctl.d/60-shop.conf'
sysctl --system > /dev/null
