#!/bin/bash
date
[ -e /run/first ] && {
  touch /run/seen
  reboot
}
