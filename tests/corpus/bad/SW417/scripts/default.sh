#!/bin/sh
channel="$${CHANNEL:-stable}"
echo "$channel" > /etc/channel
