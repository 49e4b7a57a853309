# The two stand-ins for curl. Arguments: host and port, then paths; on standard input how many seconds a reply may take,
# the method and the header, which holds the token. For each reply they print what came of the body, and `~STATUS~` if
# that is all of it.

python_client='import http.client,os,signal,sys
_,host,*paths=sys.argv
limit,verb,header=input().split(" ",2)
name,text=header.split(": ")
for path in paths:
 signal.alarm(int(limit))
 connection=http.client.HTTPConnection(host)
 connection.request(verb,"/latest/"+path,headers={name:text})
 reply=connection.getresponse()
 for _ in range(99):os.write(1,reply.read1(99))
 if not reply.length:os.write(1,b"~%d~"%reply.status)'

# shellcheck disable=SC2016 # its variables are its own
bash_client='set +x
read -r limit verb header
address=${0%:*}
for path; do
    exec 3<>"/dev/tcp/${address//[][]}/${0##*:}" || exit
    printf "$verb /latest/$path HTTP/1.0\r\nHost: $0\r\n$header\r\n\r\n" >&3
    read -r -u 3 _ status _ || exit
    size=""
    while read -r -u 3 line && [ ${#line} -gt 1 ]; do
        [[ ${line,,} != content-length:* ]] || size=${line//[!0-9]}
    done
    IFS= read -r -t "$limit" -u 3 -d "" -N 9800 body
    printf %s "$body"
    [ ${#body} = "$size" ] || { printf " " && exit; }
    printf "~$status~"
done'
