#!/bin/bsh
date
