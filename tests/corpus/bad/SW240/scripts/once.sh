#!/bin/bash

apt-get install jq
