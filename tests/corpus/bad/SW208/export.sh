#!/bin/bash
REGION=eu
export $REGION
