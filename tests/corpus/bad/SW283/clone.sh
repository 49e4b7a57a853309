#!/bin/bash
su - ec2-user
git clone https://github.com/example/app.git
