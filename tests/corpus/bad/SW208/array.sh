#!/bin/sh
names=(one two)
echo "${names[0]}"
