#!
date
