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

usage() {
    log "$1; see ssmwake --help"
    reason=usage
    finish 64
}

main() {
    endpoint=$imds_v4 mode=${1:---help} start=0
    deadline=0 polls=0 http=0 woken=0 due=0 token_since=0 refusals=0 calm=0 gap=60 patience=10 seen_online=-300
    action=none agent=unknown connect=off reason='' has='' profile='' id='' unit='' client='' json='' more='' told='' lock=''
    sleeper='' token='' applied='' announced='' candidate='' healthy='' fresh='' force='' pid='' worker='' lost='' ladder=''
    now
    start=$now
    trap 'on_signal 129' HUP
    trap 'on_signal 130' INT
    trap 'on_signal 143' TERM
    [ $# = 0 ] || shift
    while [ $# -gt 0 ]; do
        case $1:$# in
        --json:*) json=yes ;;
        --restart:*) force=yes ;;
        -h:* | --help:*) mode=--help ;;
        --role:1 | --timeout:1 | --poll:1 | --endpoint:1) usage "$1: needs a value" ;;
        --role:*) SSMWAKE_ROLE=$2 ;;
        --timeout:*) SSMWAKE_TIMEOUT=$2 ;;
        --poll:*) SSMWAKE_POLL=$2 ;;
        --endpoint:*) endpoint=$2 ;;
        *) usage "unknown option" ;;
        esac
        case $1 in
        --role | --timeout | --poll | --endpoint) shift ;;
        esac
        shift
    done
    case $mode in
    wait | run | watch | status | install | uninstall | on-ready) ;;
    -h | --help)
        put 'ssmwake wait|run|watch|status|install|uninstall [--role NAME] [--timeout SECONDS] [--poll SECONDS] [--endpoint URL] [--restart] [--json]

wait: until the role has credentials. run: then restart an agent that sleeps, until it is online. watch: run for ever.
status: what is the case, and what to do.'
        exit
        ;;
    *) usage "unknown command" ;;
    esac
    load_settings
    find_manager
    case $mode in
    wait | status) ;;
    *) [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail 77 need-root "must be root" ;;
    esac
    case $mode in
    on-ready) on_ready ;;
    *install) $mode ;;
    esac
    find_client
    case $mode in
    status) status ;;
    run | watch) take_lock ;;
    esac
    loop
}
