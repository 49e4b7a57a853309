# Where everything lies, and what a person can set. The environment wins over /etc/ssmwake.conf, that over the defaults.

# Every path hangs off one root, so that a test or `ssmwake try` can run without being root and leave no trace.
root=${SSMWAKE_ROOT:-}
conf=$root/etc/ssmwake.conf
hook=$root/etc/ssmwake.on-ready
lib=$root/var/lib/ssmwake
run=$root/run/ssmwake
ssm=$root/var/lib/amazon/ssm
nl='
'

load_settings() {
    # The file is read line by line and never sourced: a setting is data, even in a file that belongs to root.
    if [ -r "$conf" ]; then
        while IFS= read -r line || [ -n "$line" ]; do
            case ${line%%=*} in
            *[!A-Z_]*) ;;
            SSMWAKE_*) eval ": \"\${${line%%=*}=\${line#*=}}\"" ;;
            esac
        done <"$conf"
    fi
    for line in ROLE= TIMEOUT=600 POLL=5 POLL_HEALTHY=60 'RESTART_AFTER=10 20 40 80 160 300 600' INSTANCE_CONNECT=yes; do
        eval "${line%%=*}=\${SSMWAKE_${line%%=*}-\${line#*=}}"
    done
    for value in "$TIMEOUT" "$POLL" "$POLL_HEALTHY" ${RESTART_AFTER:-0}; do
        case $value in
        '' | 0* | *[!0-9]* | ???????*) finish usage "$value: not seconds from 1 to 999999" ;;
        esac
    done
}
