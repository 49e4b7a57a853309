# Tell the stack that the agent of its instance is online: it is, since it runs this.
tell_stack() {
    if [ -z "$url" ]; then
        PATH=$PATH:/opt/aws/bin cfn-signal -e 0 --stack "$stack" --resource "$resource" --region "$region"
        return
    fi
    # The address is a secret, so it is never an argument.
    curl -fsS -m 20 -X PUT -H 'Content-Type:' -K - <<END && return
url = "$url"
data = {"Status":"SUCCESS","Reason":"ssmwake","UniqueId":"$resource","Data":"online"}
END
    export url resource
    python3 -c 'import json, os, urllib.request as u
body = dict(Status="SUCCESS", Reason="ssmwake", UniqueId=os.environ["resource"], Data="online")
u.urlopen(u.Request(os.environ["url"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT"), timeout=20)'
}
for _ in 1 2 3 4 5 6; do
    tell_stack && exit
    sleep 10
done
exit 1
