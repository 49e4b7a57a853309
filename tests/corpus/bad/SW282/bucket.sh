#!/bin/bash
yum install -y unzip
aws s3 cp s3://<your-bucket>/app.zip /tmp/app.zip
