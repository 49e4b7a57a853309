#!/bin
date
