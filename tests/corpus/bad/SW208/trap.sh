#!/bin/bash
trap "cfn-signal -e $? --stack x" EXIT
echo
