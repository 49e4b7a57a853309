#!/bin/bash
if grep -q then /etc/issue; then echo then; fi
if [ "$1" = then ] # then
then
  date
fi
if [ "$1" == "a" ] then
  echo a
fi
