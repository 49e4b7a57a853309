# One request to IMDS, by curl, python3 or bash: whichever the image has. One process for all paths of a request.
#
# The session token travels on standard input, never in argv. Proxies and .curlrc are for the world outside, not for a
# link-local address. Bodies are cut at 8 KiB: real ones have 2, and `${x#*y}` in sh is quadratic.

find_client() {
    # yash keeps the variable of a loop to the function, so none of ours is used after its loop.
    for tool in curl python3 /usr/libexec/platform-python bash; do
        client=$tool
        command -v "$tool" >/dev/null 2>&1 && return
    done
    client=''
    fail 69 no-http-client 'install curl, python3 or bash'
}

# $1 the method, $2 a header, then paths. Leaves the first reply in $body and $reason, the others in $replies.
request() {
    verb=$1 lines=${endpoint#*//}$nl$1$nl$2
    [ "$client" != curl ] || lines="header = \"$2\""
    shift 2
    for path; do
        [ "$client" != curl ] || path="url = \"$endpoint$path\""
        lines=$lines$nl$path
    done
    limit=2
    [ "$deadline" = 0 ] || [ $((deadline - now)) -gt 1 ] || limit=1
    case $client in
    # -q must come first, or .curlrc is read. Where a reply has no length, --limit-rate keeps it small until -m ends it.
    curl)
        set -- curl -q -s -g -K - --noproxy '*' --proto =http --max-redirs 0 --connect-timeout 1 -m $limit \
            --limit-rate 8k --max-filesize 8192 -X "$verb" -w '\n~%{http_code}\n'
        ;;
    bash) set -- timeout $limit bash -c "$bash_client" ;;
    *) set -- "$client" -ISc "$python_client" $limit ;;
    esac
    replies=$(put "$lines" | "$@" 2>/dev/null)
    rc=$?
    next_reply
}

# Take the first of the replies: its $body and $http status, and in $reason what one that is not 200 means.
next_reply() {
    body=${replies%%"$nl~"*}
    replies=${replies#"$body$nl~"}
    http=${replies%%"$nl"*}
    replies=${replies#"$http"}
    replies=${replies#"$nl"}
    case $http in
    [1-5][0-9][0-9]) ;;
    *) http=0 ;;
    esac
    case $http:$rc in
    0:*) reason=imds-unreachable ;;
    200:0) reason='' ;;
    200:63) reason=oversize-body ;;
    200:*) reason=partial-body ;;
    429:* | 5*) reason=imds-busy ;;
    403:*) reason=imds-forbidden ;;
    *) reason=imds-http-$http ;;
    esac
    [ ${#body} -le 8192 ] || reason=oversize-body
}
