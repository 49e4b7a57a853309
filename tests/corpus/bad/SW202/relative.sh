#!bin/bash
date
