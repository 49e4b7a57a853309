#!/bin/bash
echo one
fi
