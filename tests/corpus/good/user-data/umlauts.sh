#!/bin/sh
# Grüße an alle: Zeichen außerhalb von ASCII sind erlaubt, auch ✓ und 日本語.
printf '%s\n' 'Willkommen auf dem Rechner für die Gehälter – bitte nichts löschen ✓' > /etc/motd
