#!/bin/bash
yum install -y httpd
#cloud-config
packages: [git]
