#!/bin/bash
yum -y install httpd && systemctl enable --now httpd