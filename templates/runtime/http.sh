# One request to IMDS, by curl, python3 or bash: whichever the image has. One process for all paths of a request.
#
# The session token travels on standard input, never in argv. Proxies and .curlrc are for the world outside, not for a
# link-local address. Bodies are cut at 8 KiB: real ones have 2, and `${x#*y}` in sh is quadratic.

find_client() {
    # yash keeps the variable of a loop to the function, so none of ours is used after its loop.
    for word in curl python3 /usr/libexec/platform-python bash; do
        client=$word
        command -v "$word" >/dev/null 2>&1 && return
    done
    client=''
    finish no-http-client 'install curl, python3 or bash'
}

# $1 a header, $2 the method, then one URL or two. Leaves the text of the first in $info, of the last in $body, the
# status of the last in $http, and in $reason why that is no good answer.
request() {
    line=$1
    shift
    limit=$((deadline - now < 2 ? 1 : 2))
    case $client in
    # -q must come first, or .curlrc is read. Where a reply has no length, --limit-rate keeps it small until -m ends it.
    curl)
        line="header = \"$line\""
        set -- curl -qsgK - --noproxy '*' --connect-timeout 1 -m $limit --limit-rate 8k --max-filesize 8192 \
            -w '\n~%{http_code}\n' -X "$@"
        ;;
    bash) set -- timeout $limit bash -c "$bash_client" $((limit - 1)).9 "$@" ;;
    *) set -- "$client" -ISc "$python_client" $limit "$@" ;;
    esac
    # bash has a word to say about each zero byte.
    { line=$(echo "$line" | "$@"); } 2>/dev/null
    rc=$?
    # Split at the marks: linear, where `${line%%"$nl~"*}` is quadratic in bash and mksh. No good answer holds a `~`.
    set -f
    IFS='~'
    # shellcheck disable=SC2086 # this is the splitting
    set -- '' '' $line
    unset IFS
    set +f
    # What lies between two marks is the status of the first and the text of the second.
    info=${3-}
    eval "body=\${$(($# - 1))} http=\${$#}"
    [ $# = 4 ] || body=${body#*"$nl"}
    body=${body%"$nl"} http=${http%"$nl"}
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
