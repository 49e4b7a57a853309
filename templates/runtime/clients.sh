# The two stand-ins for curl. Arguments: the seconds that they have, the method, URLs; the header, which holds the token, is a line on standard
# input. They print what curl is told to print: the body, and `~` with the status on a line of its own. They fail when they
# did not get all of the last one.

python_client='import http.client, signal, sys
signal.signal(14, lambda *_: 1 / 0)
_, limit, verb, *urls = sys.argv
head = dict([input().split(": ")])
for url in urls:
    _, _, host, path = url.split("/", 3)
    body, status, rc = b"", 0, 1
    signal.alarm(int(limit))
    try:
        c = http.client.HTTPConnection(host)
        c.request(verb, "/" + path, headers=head)
        r = c.getresponse()
        status = r.status
        body = r.read(8193)
        rc = r.length
    except Exception: pass
    signal.alarm(0)
    sys.stdout.buffer.write(body + b"\n~%d\n" % status)
sys.exit(bool(rc))'

# shellcheck disable=SC2016 # its variables are its own
bash_client='set +x
LC_ALL=C
read -r header
verb=$1
shift
for url; do
    IFS=/ read -r _ _ host path <<<"$url"
    body= status=0 size= rc=1 name=${host%:*}
    name=${name#[}
    if exec 3<>"/dev/tcp/${name%]}/${host##*:}"; then
        printf "%s /%s HTTP/1.0\r\nHost: %s\r\n%s\r\n\r\n" "$verb" "$path" "$host" "$header" >&3
        read -r -t $0 _ status _ <&3
        while read -r -t $0 line <&3 && [ "${line%?}" ]; do
            case $line in [Cc]ontent-[Ll]ength:*) size=${line//[!0-9]} ;; esac
        done
        [ "${size:-8193}" -le 8192 ] || size=8193
        IFS= read -r -t $0 -d "" -N "${size:-8193}" body <&3
        [ "${#body}" != "$size" ] || rc=0
        case $body in *[!\ -~[:space:]]*) rc=0 body="?" ;; esac
        exec 3>&-
    fi
    printf "%s\n~%d\n" "$body" "$status"
done
exit $rc'
