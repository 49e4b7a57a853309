# The two stand-ins for curl. Each reads host, method, header and paths from standard input, a line each, and prints what
# curl is told to print: the body, and `~` with the status on a line of its own. They fail with curl's own exit codes.

python_client='import signal, sys
import http.client as h
def late(*_): raise TimeoutError
signal.signal(14, late)
host, verb, head, *paths = sys.stdin.read().splitlines()
rc = 0
for path in paths:
    body, status, rc = b"", 0, 0
    signal.alarm(int(sys.argv[1]))
    try:
        c = h.HTTPConnection(host)
        k, _, v = head.partition(": ")
        c.request(verb, path, headers={k: v})
        r = c.getresponse()
        status = r.status
        while len(body) < 8193:
            more = r.read1(8193 - len(body))
            if not more: break
            body += more
        if len(body) > 8192: rc = 63
        elif r.length: rc = 18
    except Exception as e:
        rc = 28 if isinstance(e, TimeoutError) else 7 if isinstance(e, ConnectionRefusedError) else 56
    signal.alarm(0)
    sys.stdout.buffer.write(body + b"\n~%03d\n" % status)
sys.exit(rc)'

bash_client='set +x
LC_ALL=C
IFS= read -r host; read -r verb; read -r header
case $host in
*]:*|*[!]:]:*) port=${host##*:} name=${host%:*} ;;
*) port=80 name=$host ;;
esac
name=${name#[} name=${name%]} rc=0
while IFS= read -r path; do
    body= status=000 size= rc=0
    if exec 3<>"/dev/tcp/$name/$port"; then
        printf "%s %s HTTP/1.0\r\nHost: %s\r\n%s\r\n\r\n" "$verb" "$path" "$host" "$header" >&3
        read -r _ status _ <&3 || rc=56
        while IFS= read -r line <&3 && [ "${line%?}" ]; do
            case $line in [Cc]ontent-[Ll]ength:*) size=${line#*:} size=${size//[!0-9]} ;; esac
        done
        [ "${size:-0}" -le 8192 ] || rc=63 size=1
        IFS= read -r -d "" -N "${size:-8193}" body <&3
        exec 3>&-
        [ "${#body}" -le 8192 ] || rc=63
        [ "${#body}" -ge "${size:-0}" ] || rc=18
    else
        rc=7
    fi
    printf "%s\n~%03d\n" "$body" "$status"
done
exit $rc'
