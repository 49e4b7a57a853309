#!/bin/bash
dnf install -y nginx
amazon-linux-extras install -y docker
