# The two stand-ins for curl. Each reads host, method, header and paths from standard input, a line each, and prints what
# curl is told to print: the body, and `~` with the status on a line of its own. They fail when they did not get all.

python_client='import http.client, signal, sys
signal.signal(14, lambda *_: 1 / 0)
host, verb, head, *paths = sys.stdin.read().splitlines()
for path in paths:
    body, status, rc = b"", 0, 1
    signal.alarm(int(sys.argv[1]))
    try:
        c = http.client.HTTPConnection(host)
        c.request(verb, path, headers=dict([head.split(": ")]))
        r = c.getresponse()
        status = r.status
        body = r.read(8193)
        rc = r.length or 0
    except Exception: pass
    signal.alarm(0)
    sys.stdout.buffer.write(body + b"\n~%d\n" % status)
sys.exit(rc > 0)'

bash_client='set +x
LC_ALL=C
read -r host; read -r verb; read -r header
port=${host##*:} name=${host%:*}
case $port in *[!0-9]*) port=80 name=$host ;; esac
name=${name#[} name=${name%]}
while read -r path; do
    body= status=0 size= rc=1
    if exec 3<>"/dev/tcp/$name/$port"; then
        printf "%s %s HTTP/1.0\r\nHost: %s\r\n%s\r\n\r\n" "$verb" "$path" "$host" "$header" >&3
        read -r -t .9 _ status _ <&3
        while read -r -t .9 line <&3 && [ "${line%?}" ]; do
            case $line in [Cc]ontent-[Ll]ength:*) size=${line//[!0-9]} ;; esac
        done
        [ "${size:-8193}" -le 8192 ] || size=8193
        IFS= read -r -t .9 -d "" -N "${size:-8193}" body <&3
        [ "${#body}" != "$size" ] || rc=0
        case $body in *[!\ -~[:space:]]*) rc=0 body="?" ;; esac
        exec 3>&-
    fi
    printf "%s\n~%d\n" "$body" "$status"
done
exit $rc'
