#!/bin/bash
hostname `cat /etc/hostname`
