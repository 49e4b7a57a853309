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

# $1 the method, $2 a header, then URLs. Leaves the first reply in $body and $reason, a second in $next and $last.
request() {
    verb=$1 header=$2
    shift 2
    urls=$#
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
    # bash has a word to say about each zero byte.
    { replies=$(put "$header" | "$@"); } 2>/dev/null
    rc=$?
    # Split at the marks: linear, where `${replies%%"$nl~"*}` is quadratic in bash and mksh. No good answer holds a `~`.
    set -f
    IFS='~'
    # shellcheck disable=SC2086 # this is the splitting
    set -- $replies
    unset IFS
    set +f
    eval "last=\${$#}"
    next=${2-}
    [ $urls = 2 ] || next=$last
    judge "${1-}" "$next"
}

# Leave in $body the text $1, in $http its status, which $2 begins with, and in $reason why it is not a good answer.
judge() {
    body=${1%"$nl"} http=${2%%"$nl"*}
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
