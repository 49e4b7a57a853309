# Words go to stderr, and only when something changed; stdout carries one JSON line, at the end.
#
# It is `echo` that says them, as mksh has no printf of its own, and a token must never be an argument of a process.

# Say what is the case, once, until something else is.
tell() {
    [ "$1" = "$told" ] || echo "ssmwake: $1" >&2
    told=$1
}

# End because of $1, with the words $2. The status says who can mend it. 64: the caller; 69: nobody, this machine cannot;
# 71: the agent did not; 73: the file system; 75: time; 77: root; 78: whoever owns the configuration.
# Only values whose characters were checked get into the report, so nothing needs to be escaped.
finish() {
    trap - HUP INT TERM
    reason=$1 ok=false
    [ -z "$lock" ] || rm -f "$lock"
    [ -z "${2-}" ] || tell "$1: $2"
    case $1:$mode in
    signal:*) ;;
    ready:* | *installed:*install | already-* | agent-not-seeded:* | agent-[!u]*d:run) code=0 ok=true ;;
    usage:*) code=64 ;;
    imds-disabled:* | no-[!r]* | agent-no-*) code=69 ;;
    cannot-*) code=73 ;;
    need-root:*) code=77 ;;
    creds-[A-Z]* | agent-masked:*) code=78 ;;
    restart-* | agent-[!u]* | on-*) code=71 ;;
    *) code=75 ;;
    esac
    now
    set -- "{\"v\":1,\"ok\":$ok,\"exit\":$code,\"reason\":\"$reason\",\"role\":\"$role\",\"profile\":\"$profile\",\"action\":\"$action\",\"unit\":\"$unit\",\"agent\":\"$agent\",\"instance_connect\":\"$connect\",\"waited_s\":$((now - start)),\"polls\":$polls,\"client\":\"${client##*/}\",\"http\":$http$more}"
    # The same for a person: a line for each.
    [ "$mode$json" != status ] || set -- "$(echo "$1" | sed 's/,"/\n/g;s/":/: /g;s/[{"}]//g')"
    echo "$1" 2>/dev/null
    exit "$code"
}
