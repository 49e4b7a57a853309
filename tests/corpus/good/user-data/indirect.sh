#!/bin/bash
web=10.0.0.1
NAME=web
KEY=PATH
echo "${!NAME} ${!KEY}"
