#!/bin/bash
B=x
aws s3 cp s3://${B}}/a /tmp/a
