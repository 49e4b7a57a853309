# Words go to stderr, and only when something changed; stdout carries one JSON line, at the end.

# A token must never be an argument of a process: mksh has no printf of its own, but it has print.
case $(command -v print) in
print) put() { print -r -- "$1"; } ;;
*) put() { printf '%s\n' "$1"; } ;;
esac

log() {
    put "ssmwake: $1" >&2
}

# Say what is the case, once, until something else is.
tell() {
    [ "$1" = "$told" ] || log "$1"
    told=$1
}

# End with the status $1. Only values whose characters were checked get here, so nothing needs to be escaped.
finish() {
    trap - HUP INT TERM
    [ -z "$lock" ] || rm -f "$lock"
    [ "$1" = 0 ] && ok=true || ok=false
    now
    report="{\"v\":1,\"ok\":$ok,\"exit\":$1,\"reason\":\"$reason\",\"role\":\"$has\",\"profile\":\"$profile\",\"action\":\"$action\",\"unit\":\"$unit\",\"agent\":\"$agent\",\"instance_connect\":\"$connect\",\"waited_s\":$((now - start)),\"polls\":$polls,\"client\":\"${client##*/}\",\"http\":$http$more}"
    if [ "$mode:$json" = status: ]; then
        put "$report" | tr -d '{}"' | tr , '\n' | while IFS=: read -r key value; do
            case $key in
            v | ok | exit | action | waited_s | polls | http) ;;
            *) printf '%-17s%s\n' "$key" "$value" ;;
            esac
        done
    else
        put "$report"
    fi 2>/dev/null
    exit "$1"
}

fail() {
    reason=$2
    log "$3"
    finish "$1"
}

on_signal() {
    [ -z "$sleeper" ] || kill "$sleeper"
    reason=signal
    finish "$1"
} 2>/dev/null
