#!/usr/bin/bash/
date
