#cloud-boothook
#!/bin/bash
token=$(curl -fsS -m 5 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token)
type=$(curl -fsS -m 5 -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-type)
case $type in
  *.metal) echo 'options kvm nested=1' > /etc/modprobe.d/kvm.conf ;;
  *) rm -f /etc/modprobe.d/kvm.conf ;;
esac
