#!/usr/env bash
date
