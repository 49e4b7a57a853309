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
    finish no-http-client 'install curl, python3 or bash'
}

# $1 the method, $2 a header, then URLs. Leaves the first reply in $body and $reason, the others in $replies.
request() {
    verb=$1 header=$2
    shift 2
    limit=$((deadline && deadline - now < 2 ? 1 : 2))
    case $client in
    # -q must come first, or .curlrc is read. Where a reply has no length, --limit-rate keeps it small until -m ends it.
    curl)
        header="header = \"$header\""
        set -- curl -qsgK - --noproxy '*' --proto =http --connect-timeout 1 -m $limit --limit-rate 8k --max-filesize 8192 \
            -X "$verb" -w '\n~%{http_code}\n' "$@"
        ;;
    bash) set -- timeout $limit bash -c "$bash_client" $((limit - 1)).9 "$verb" "$@" ;;
    *) set -- "$client" -ISc "$python_client" $limit "$verb" "$@" ;;
    esac
    replies=$(put "$header" | "$@" 2>/dev/null)
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
    case $http:$rc in
    200:0) reason='' ;;
    200:63) reason='oversize-body' ;;
    200:*) reason='partial-body' ;;
    429:* | 5??:*) reason='imds-busy' ;;
    403:*) reason='imds-forbidden' ;;
    [1-4]??:*) reason=imds-http-$http ;;
    *) reason='imds-unreachable' http=0 ;;
    esac
    [ ${#body} -le 8192 ] || reason='oversize-body'
}
