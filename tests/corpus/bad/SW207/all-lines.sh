#!/bin/sh
date
