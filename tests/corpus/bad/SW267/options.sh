#!/bin/bash -eo pipefail
date | cat
