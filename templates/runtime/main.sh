# The command line. What it does on a plain sh: no `local`, no arrays, no `set -e` (each status is looked at where it matters).

# A trace would show the token.
case $- in
*x*) set +x ;;
esac
set -u
umask 077
LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH
unset IFS http_proxy HTTP_PROXY https_proxy all_proxy ALL_PROXY CURL_HOME

main() {
    endpoint=$imds_v4 mode=${1:---help} start=0
    deadline=0 polls=0 http=0 woken=0 due=0 token_since=0 refusals=0 calm=0 gap=60 patience=10 seen_online=-300
    action=none agent=unknown connect=off reason='' has='' profile='' id='' unit='' client='' json='' more='' told='' lock=''
    sleeper='' token='' applied='' announced='' candidate='' healthy='' fresh='' force='' key='' given='' pid='' worker='' lost='' ladder=''
    now
    start=$now
    trap 'on_signal 129' HUP
    trap 'on_signal 130' INT
    trap 'on_signal 143' TERM
    [ $# = 0 ] || shift
    for word; do
        # shellcheck disable=SC2034 # load_settings reads them, by their names
        case $key:$word in
        --role:*[!A-Za-z0-9_+=,.@-]*) finish usage "$word: not the name of a role" ;;
        --role:*) SSMWAKE_ROLE=$word given=${given}SSMWAKE_ROLE=$word$nl ;;
        --timeout:*) SSMWAKE_TIMEOUT=$word given=${given}SSMWAKE_TIMEOUT=$word$nl ;;
        --poll:*) SSMWAKE_POLL=$word given=${given}SSMWAKE_POLL=$word$nl ;;
        --endpoint:*) endpoint=$word ;;
        :--json) json=yes ;;
        :--restart) force=yes ;;
        :-h | :--help) mode=--help ;;
        :--role | :--timeout | :--poll | :--endpoint)
            key=$word
            continue
            ;;
        *) finish usage "$word: unknown option" ;;
        esac
        key=''
    done
    [ -z "$key" ] || finish usage "$key: needs a value"
    case $mode in
    wait | run | watch | status | install | uninstall | on-ready) ;;
    -h | --help)
        put 'ssmwake wait|run|watch|status|install|uninstall [--role NAME] [--timeout SECONDS] [--poll SECONDS] [--endpoint URL] [--restart] [--json]
wait: until the role has credentials; run: and the agent is online; watch: for ever'
        exit
        ;;
    *) finish usage "$mode: unknown command" ;;
    esac
    case $endpoint in
    *[!A-Za-z0-9:/.[\]-]*) finish usage "$endpoint: not the URL of IMDS" ;;
    esac
    load_settings
    manager=''
    ! command -v rc-service >/dev/null 2>&1 || manager=openrc
    [ ! -d "$root/run/systemd/system" ] || manager=systemd
    case $mode in
    wait | status) ;;
    *) [ -n "$root" ] || [ "$(id -u)" = 0 ] || finish need-root ;;
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
