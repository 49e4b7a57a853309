#!/bin/sh
echo 'ubuntu:Sumatra-1883' | chpasswd
MYSQL_PWD='8aQ!vn2_Lk'
export MYSQL_PWD
