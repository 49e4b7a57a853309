# The settings that a carrier knows only when it is deployed: all of ssmwake.conf, and the on-ready script in base64.
printf '%s\n' "$conf" >"$root/etc/ssmwake.conf.new" && chmod 0644 "$root/etc/ssmwake.conf.new" &&
    mv -f "$root/etc/ssmwake.conf.new" "$root/etc/ssmwake.conf"
if [ -n "$on_ready" ]; then
    printf %s "$on_ready" | base64 -d >"$root/etc/ssmwake.on-ready.new" && chmod 0700 "$root/etc/ssmwake.on-ready.new" &&
        mv -f "$root/etc/ssmwake.on-ready.new" "$root/etc/ssmwake.on-ready"
fi
