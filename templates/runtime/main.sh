# The command line. What it does on a plain sh: no `local`, no arrays, no `set -e` (each status is looked at where it matters).

# A trace would show the token.
case $- in
*x*) set +x ;;
esac
set -u
umask 077
LC_ALL=C
export LC_ALL
# Appended, so that the caller's own tools come first.
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset IFS http_proxy HTTP_PROXY https_proxy all_proxy ALL_PROXY CURL_HOME

help() {
    put 'ssmwake COMMAND [OPTION]...

wait       until the role of the instance has credentials
run        wait, restart the SSM agent if it sleeps, verify, try again
watch      the same for ever
status     what is the case, and what to do
install    this script and its service
uninstall  undo that

--role NAME        this role, not any
--timeout SECONDS  of wait and run (600)
--poll SECONDS     between polls (5)
--endpoint URL     of IMDS
--restart          run: even an agent that is online
--json             status: for programs'
}

usage() {
    log "$1; see ssmwake --help"
    reason=usage
    finish 64
}

main() {
    imds_v4=http://169.254.169.254 imds_v6='http://[fd00:ec2::254]'
    endpoint=$imds_v4
    now=0 deadline=0 polls=0 http=0 restarts=0 restarted_at=0 due=0 token_since=0 refusals=0 patience=10 json=''
    reason='' seen_role='' profile='' action=none unit='' agent=unknown connect=off client='' more='' told='' lock=''
    sleeper='' token='' proven='' applied='' announced='' candidate='' healthy='' fresh='' force='' manager=''
    pid='' worker='' socket='' offline_since='' ladder='' expires='' calm=0 gap=60 mode=${1:-help}
    now
    start=$now
    trap 'on_signal 129' HUP
    trap 'on_signal 130' INT
    trap 'on_signal 143' TERM
    [ $# = 0 ] || shift
    while [ $# -gt 0 ]; do
        case $1 in
        --role | --timeout | --poll | --endpoint)
            [ $# -gt 1 ] || usage "$1: needs a value"
            case $1 in
            --role) SSMWAKE_ROLE=$2 ;;
            --timeout) SSMWAKE_TIMEOUT=$2 ;;
            --poll) SSMWAKE_POLL=$2 ;;
            *) endpoint=$2 ;;
            esac
            shift
            ;;
        --json) json=yes ;;
        --restart) force=yes ;;
        -h | --help) mode=help ;;
        *) usage "$1: unknown option" ;;
        esac
        shift
    done
    load_settings
    find_manager
    case $mode in
    help | -h | --help)
        help
        exit
        ;;
    wait | status) ;;
    run | watch | install | uninstall | on-ready) [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail 77 need-root "must be root" ;;
    *) usage "$mode: unknown command" ;;
    esac
    case $mode in
    wait | run | watch)
        find_client
        [ "$mode" = wait ] || take_lock
        load_state
        loop
        ;;
    on-ready) on_ready ;;
    *) $mode ;;
    esac
}

# One of a kind at a time. noclobber creates or fails in one step; a lock of a process that is gone is taken over.
take_lock() {
    mkdir -p "$run" 2>/dev/null
    lock=$run/$mode.lock
    read -r me _ </proc/self/stat
    for round in 1 2; do
        (set -C && put "$me" >"$lock") 2>/dev/null && return
        read -r owner 2>/dev/null <"$lock" || break
        if [ "$owner" != "$me" ] && [ -d "/proc/${owner:-none}" ]; then
            lock=''
            fail 0 already-running "$mode runs already: process $owner"
        fi
        rm -f "$lock" 2>/dev/null
    done
    lock=''
    tell "$run cannot be written"
}
