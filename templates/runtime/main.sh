# The command line. What it does on a plain sh: no `local`, no arrays, no `set -e` (each status is looked at where it matters).

# A trace would show the token.
set -u +x
umask 077
LC_ALL=C
export LC_ALL
unset IFS

main() {
    # With its port, which the client in bash wants to have; and its address on a host without IPv4.
    endpoint=http://169.254.169.254:80 other='http://[fd00:ec2::254]:80'
    mode=${1---help} start=0 deadline=999999999
    polls=0 http=0 woken=0 due=0 token_since=0 refusals=0 calm=0 gap=60 patience=10 seen_online=-300 healthy=0
    action=none agent=unknown connect=off
    # The rest is empty.
    read -r reason role profile id unit client json more told lock sleeper token applied announced candidate fresh force \
        key given pid worker lost ladder state </dev/null
    now
    start=$now
    trap 'on_signal 129' HUP
    trap 'on_signal 130' INT
    trap 'on_signal 143' TERM
    [ $# = 0 ] || shift
    for word; do
        case $key:$word in
        ROLE:*[!A-Za-z0-9_+=,.@-]*) finish usage "$word: not a role" ;;
        ENDPOINT:*) endpoint=$word other=$word key='' ;;
        [A-Z]*)
            eval "SSMWAKE_$key=\$word"
            given=${given}SSMWAKE_$key=$word$nl key=''
            ;;
        :--role) key=ROLE ;;
        :--timeout) key=TIMEOUT ;;
        :--poll) key=POLL ;;
        :--endpoint) key=ENDPOINT ;;
        :--json) json=yes ;;
        :--restart) force=yes ;;
        :-h | :--help) mode=--help ;;
        *) finish usage "$word: unknown option" ;;
        esac
    done
    [ -z "$key" ] || finish usage "$word: needs a value"
    case $mode in
    wait | run | watch | status | install | uninstall | on-ready) ;;
    -h | --help)
        echo 'ssmwake wait|run|watch|status|install|uninstall [--role NAME] [--timeout SECONDS] [--poll SECONDS] [--endpoint URL] [--restart] [--json]'
        exit
        ;;
    *) finish usage "$mode: unknown command" ;;
    esac
    case $endpoint in
    *[!A-Za-z0-9:/.[\]-]*) finish usage "$endpoint: not the URL of IMDS" ;;
    esac
    load_settings
    manager=''
    command -v rc-service >/dev/null 2>&1 && manager=openrc
    [ -d "$root/run/systemd/system" ] && manager=systemd
    [ "$root" ] || [ "$(id -u)" = 0 ] || case $mode in
    wait) ;;
    status) tell need-root ;;
    *) finish need-root ;;
    esac
    case $mode in
    on-ready) on_ready ;;
    install) install ;;
    uninstall) uninstall ;;
    esac
    find_client
    case $mode in
    status) status ;;
    run | watch) take_lock ;;
    esac
    loop
}

on_signal() {
    [ -z "$sleeper" ] || { kill "$sleeper" && wait "$sleeper"; } 2>/dev/null
    code=$1
    finish signal
}
