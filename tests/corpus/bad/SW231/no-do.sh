#!/bin/bash
for f in /etc/a /etc/b
  touch "$f"
done
