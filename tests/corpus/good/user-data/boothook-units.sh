#cloud-boothook
#!/bin/sh
# So early that nothing may be waited for.
cat > /etc/systemd/journald.conf.d/size.conf 2> /dev/null <<'CONF' || mkdir -p /etc/systemd/journald.conf.d
[Journal]
SystemMaxUse=200M
CONF
systemctl daemon-reload
systemctl mask apt-daily.timer apt-daily-upgrade.timer
systemctl enable first-boot.service
systemctl start --no-block first-boot.service
exit 0
