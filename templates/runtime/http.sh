# One request to IMDS, by curl, python3 or bash: whichever the image has. One process for all paths of a request.
#
# The session token travels on standard input, never in argv. Proxies and .curlrc are for the world outside, not for a
# link-local address. Bodies are cut at 8 KiB: real ones have 2, and `${x#*y}` in sh is quadratic.

find_client() {
    for client in curl python3 /usr/libexec/platform-python bash; do
        command -v "$client" >/dev/null 2>&1 && return
    done
    client=
    fail 69 no-http-client "no HTTP client: install curl, python3 or bash"
}

# $1 the method, $2 a header, then paths. Leaves replies for next_reply in $replies, the client's status in $rc.
request() {
    verb=$1 header=$2
    shift 2
    limit=2
    [ "$deadline" = 0 ] || [ $((deadline - now)) -gt 1 ] || limit=1
    case $client in
    curl)
        lines="header = \"$header\""
        for path; do
            lines="$lines${nl}url = \"$endpoint$path\""
        done
        # -q must come first, or .curlrc is read. Where a reply has no length, --limit-rate keeps it small until -m ends it.
        set -- curl -q -s -g -K - --noproxy '*' --proto =http --max-redirs 0 --connect-timeout 1 -m "$limit" \
            --limit-rate 8k --max-filesize 8192 -X "$verb" -w '\n~%{http_code}\n'
        ;;
    *)
        lines=${endpoint#*//}$nl$verb$nl$header
        for path; do
            lines=$lines$nl$path
        done
        case $client in
        bash) set -- timeout "$limit" bash -c "$bash_client" ;;
        *) set -- "$client" -I -S -c "$python_client" "$limit" ;;
        esac
        ;;
    esac
    replies=$(put "$lines" | "$@" 2>/dev/null)
    rc=$?
}

# Take the first of the replies: its $body and $status, and in $fault what a reply that is not 200 means.
next_reply() {
    body=${replies%%"$nl~"*}
    replies=${replies#"$body$nl~"}
    status=${replies%%"$nl"*}
    replies=${replies#"$status$nl"}
    case $status in
    [1-5][0-9][0-9]) ;;
    *) status=000 ;;
    esac
    http=${status#0}
    http=${http#0}
    fault=
    case $status:$rc in
    000:*) fault=imds-unreachable ;;
    429:* | 5*) fault=imds-busy ;;
    403:*) fault=imds-forbidden ;;
    2*:63) fault=oversize-body ;;
    200:0) ;;
    200:*) fault=partial-body ;;
    *) fault=imds-http-$status ;;
    esac
    [ ${#body} -le 8192 ] || fault=oversize-body
}
