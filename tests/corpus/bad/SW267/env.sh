#!/usr/bin/env bash -e
date
