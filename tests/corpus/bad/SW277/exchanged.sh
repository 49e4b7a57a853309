#!/usr/bin/pyhton3
date
