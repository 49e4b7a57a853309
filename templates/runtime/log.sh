# Words go to stderr, and only when something changed; stdout carries one JSON line, at the end.

# A token must never be an argument of a process: mksh and ksh may lack a printf of their own, but they have print.
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

# Only values whose characters were checked get here, so nothing needs to be escaped.
finish() {
    code=$1
    trap - HUP INT TERM
    [ -z "$lock" ] || rm -f "$lock"
    [ "$code" = 0 ] && ok=true || ok=false
    now
    put "{\"v\":1,\"ok\":$ok,\"exit\":$code,\"reason\":\"$reason\",\"role\":\"$seen_role\",\"profile\":\"$profile\",\"action\":\"$action\",\"unit\":\"$unit\",\"agent\":\"$agent\",\"instance_connect\":\"$connect\",\"waited_s\":$((now - start)),\"polls\":$polls,\"client\":\"${client##*/}\",\"http\":$http$more}" 2>/dev/null
    exit "$code"
}

fail() {
    reason=$2
    log "$3"
    finish "$1"
}

on_signal() {
    [ -z "$sleeper" ] || kill "$sleeper" 2>/dev/null
    reason=signal
    finish "$1"
}
