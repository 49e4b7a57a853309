# One request to IMDS, by curl, python3 or bash: whichever the image has. One process for all paths of a request.
#
# The session token travels on standard input, never in argv. Proxies and .curlrc are for the world outside, not for a
# link-local address. Bodies are cut at 8 KiB: real ones have 2, and `${x#*y}` in sh is quadratic.

find_client() {
    # yash keeps the variable of a loop to the function, so none of ours is used after its loop.
    for word in curl python3 bash; do
        client=$word
        command -v "$word" >/dev/null 2>&1 && return
    done
    client=''
    finish no-http-client 'there is no curl, python3 or bash to ask IMDS with; install one'
}

# $1 a header, $2 the method, then one path or two. Leaves the reply to the first in $info; of the last the text in $body,
# the status in $http, and in $reason why that is no good answer.
request() {
    line=$1 verb=$2 place=${endpoint#*//} limit=$((deadline - now < 2 ? 1 : 2))
    name=${place%:*}
    name=${name#[}
    name=${name%]}
    shift 2
    last=$#
    case $client in
    # -q must come first, or .curlrc is read. --limit-rate keeps a reply small until -m ends it.
    curl)
        line="header = \"$line\""
        set -- curl -qsgiK - --noproxy '*' -m $limit --limit-rate 8k -w '~' -X "$verb" \
            "$endpoint/latest/$1" ${2:+"$endpoint/latest/$2"}
        ;;
    bash)
        line="$limit $verb $line"
        set -- timeout 3 bash -c "$bash_client" "$name/${place##*:}" "$@"
        ;;
    *)
        line="$limit $verb $line"
        set -- python3 -ISc "$python_client" "$name" "${place##*:}" "$@"
        ;;
    esac
    # bash has a word to say about each zero byte.
    { line=$(echo "$line" | "$@"); } 2>/dev/null
    # Split at the marks: linear, where `${line%%~*}` is quadratic in bash and mksh. No good answer holds a `~`.
    set -f
    IFS='~'
    # shellcheck disable=SC2086 # this is the splitting
    set -- $line
    unset IFS
    set +f
    info=${1-}
    # A client that was cut off has not asked for all.
    [ $# -gt $last ] || last=$#
    eval "line=\${$last}"
    # Each of these finds what it looks for in the head, so none takes long.
    body=${line#*"$nl"?"$nl"} http=${line#* } size=${line#*ontent-?ength: }
    http=${http%%[!0-9]*} size=${size%%[!0-9]*}
    # No string holds a zero byte, so a binary answer is never as long as it says.
    case $body in
    *[!\ -~[:space:]]*) size=${#body} ;;
    esac
    case $http:$size in
    200:"${#body}") reason='' ;;
    200:*) reason='partial-body' ;;
    429:* | 5??:*) reason='imds-busy' ;;
    403:*) reason='imds-forbidden' ;;
    [1-4]??:*) reason=imds-http-$http ;;
    *) reason='imds-unreachable' http=0 ;;
    esac
    [ ${#body} -le 8192 ] || reason='oversize-body'
}
