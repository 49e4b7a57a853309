# The two stand-ins for curl. Arguments: the seconds that they have, the method, URLs; the header, which holds the token, is a line on standard
# input. They print what curl is told to print: the body, and `~` with the status on a line of its own. They fail when they
# did not get all of the last one.

# In Python: t time, v verb, u URLs, h header, n host, p path, b body, s status, e whether something is missing, r reply.
python_client='import http.client,os,signal,sys
signal.signal(14,lambda*_:1/0)
_,t,v,*u=sys.argv
h=dict([input().split(": ")])
for x in u:
 _,_,n,p=x.split("/",3)
 b,s,e=b"",0,1
 signal.alarm(int(t))
 try:
  c=http.client.HTTPConnection(n)
  c.request(v,"/"+p,headers=h)
  r=c.getresponse()
  s=r.status
  b=r.read(8193)
  e=r.length
 except:pass
 os.write(1,b+b"\n~%d\n"%s)
sys.exit(bool(e))'

# shellcheck disable=SC2016 # its variables are its own
bash_client='set +x
read -r header
verb=$1
shift
for url; do
    IFS=/ read -r _ _ host path <<<"$url"
    body= status=0 size=8193 rc=1 name=${host%:*}
    name=${name#[}
    if exec 3<>"/dev/tcp/${name%]}/${host##*:}"; then
        printf "$verb /$path HTTP/1.0\r\nHost: $host\r\n$header\r\n\r\n" >&3
        read -r -u 3 -t $0 _ status _
        while read -r -u 3 -t $0 line && [ "${line%?}" ]; do
            case ${line,,} in content-length:*) size=${line//[!0-9]} ;; esac
        done
        [ "$size" -le 8192 ] || size=8193
        IFS= read -r -u 3 -t $0 -d "" -N "$size" body
        [ "${#body}" != "$size" ] || rc=0
        case $body in *[!\ -~[:space:]]*) rc=0 body="?" ;; esac
        exec 3>&-
    fi
    printf "%s\n~%d\n" "$body" "$status"
done
exit $rc'
