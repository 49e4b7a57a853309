#!/bin/sh
date
uptime
