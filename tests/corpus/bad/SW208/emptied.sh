#!/bin/bash
sed s/a/b/ /etc/x > /etc/x
