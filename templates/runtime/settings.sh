# Where everything lies, and what a person can set. The environment wins over /etc/ssmwake.conf, that over the defaults.

# Every path hangs off one root, so that a test or `ssmwake try` can run without being root and leave no trace.
root=${SSMWAKE_ROOT-}
conf=$root/etc/ssmwake.conf
hook=$root/etc/ssmwake.on-ready
lib=$root/var/lib/ssmwake
run=$root/run/ssmwake
ssm=$root/var/lib/amazon/ssm
nl='
'

load_settings() {
    # The file is read line by line and never sourced: a setting is data, even in a file that belongs to root.
    while IFS= read -r line || [ "$line" ]; do
        case ${line%%=*} in
        *[!A-Z_]*) ;;
        SSMWAKE_*) eval ": \"\${${line%%=*}=\${line#*=}}\"" ;;
        esac
    done 2>/dev/null <"$conf"
    wanted=${SSMWAKE_ROLE-}
    timeout=${SSMWAKE_TIMEOUT-600}
    poll=${SSMWAKE_POLL-5}
    poll_healthy=${SSMWAKE_POLL_HEALTHY-60}
    pauses=${SSMWAKE_RESTART_AFTER-10 20 40 80 160 300 600}
    for value in "$timeout" "$poll" "$poll_healthy" ${pauses:-0}; do
        case $value in
        '' | 0* | *[!0-9]* | ???????*) finish usage "$value: not seconds" ;;
        esac
    done
}
