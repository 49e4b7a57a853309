#!/bin/bash
yum install -y git
sudo su ec2-user
cd /home/ec2-user || exit
git clone https://github.com/example/app.git
exit
