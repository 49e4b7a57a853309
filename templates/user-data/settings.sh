# The settings that a carrier knows only when it is deployed: all of ssmwake.conf, and the on-ready script in base64.
file=$root/etc/ssmwake.conf
printf '%s\n' "$conf" >"$file.new" && whole 0644 "$file"
if [ -n "$on_ready" ]; then
    file=$root/etc/ssmwake.on-ready
    printf %s "$on_ready" | base64 -d >"$file.new" && whole 0700 "$file"
fi
