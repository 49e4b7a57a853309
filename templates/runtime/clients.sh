# The two stand-ins for curl: they send and receive, and read nothing of it. Arguments: a place to connect to, then paths; on
# standard input how many seconds a reply may take, the method and the header, which holds the token. They print each reply
# as it comes, and `~`.

# In Python: n and p the place, u the paths, t the seconds, v the method, h the header, s the socket. It takes no more than
# 99 times 99 bytes; what comes in smaller pieces or later than that is not IMDS.
python_client='import os,signal,socket,sys
_,n,p,*u=sys.argv
t,v,h=input().split(" ",2)
for x in u:
 signal.alarm(int(t))
 s=socket.create_connection((n,p))
 s.sendall(f"{v} /latest/{x} HTTP/1.0\r\nHost: {n}\r\n{h}\r\n\r\n".encode())
 for _ in range(99):os.write(1,s.recv(99))
 os.write(1,b"~")'

# In bash: what a read got before the connection was reset is lost, so the first line has a read of its own.
# shellcheck disable=SC2016 # its variables are its own
bash_client='set +x
read -r limit verb header
for path; do
    exec 3<>/dev/tcp/$0
    printf "$verb /latest/$path HTTP/1.0\r\nHost: ${0%/*}\r\n$header\r\n\r\n" >&3
    read -r -u 3 status
    IFS= read -r -u 3 -t $limit -d "" -N 9800 line
    printf "%s\n%s~" "$status" "$line"
done'
