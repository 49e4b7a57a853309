#!/bin/bash
echo "Grüße"
