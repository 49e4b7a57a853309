#!/bin/bash
yum install jq
