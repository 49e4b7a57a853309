#!/bin/sh
systemctl start ecs
