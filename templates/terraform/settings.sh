# What came in on top: settings go first in the file, where the first line of a name counts.
if [ -n "$conf" ]; then
    { printf '%s\n' "$conf" && cat "$root/etc/ssmwake.conf"; } >"$root/etc/ssmwake.conf.new" 2>/dev/null
    chmod 0644 "$root/etc/ssmwake.conf.new"
    mv -f "$root/etc/ssmwake.conf.new" "$root/etc/ssmwake.conf"
fi
if [ -n "$on_ready" ]; then
    printf %s "$on_ready" | base64 -d >"$root/etc/ssmwake.on-ready.new" && chmod 0700 "$root/etc/ssmwake.on-ready.new" &&
        mv -f "$root/etc/ssmwake.on-ready.new" "$root/etc/ssmwake.on-ready"
fi
