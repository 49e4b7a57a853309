#!/bin/sh
# Rendered by ssmwake from templates/runtime/; do not edit.
g=${SSMWAKE_ROOT:-};H=$g/etc/ssmwake.conf;ac=$g/etc/ssmwake.on-ready;ab=$g/var/lib/ssmwake;m=$g/run/ssmwake;aB=$g/var/lib/amazon/ssm;l='
';M(){ if [ -r "$H" ];then while IFS= read -r line||[ -n "$line" ];do case ${line%%=*} in *[!A-Z_]*);;SSMWAKE_*)eval ": \"\${${line%%=*}=\${line#*=}}\"";;esac;done<"$H";fi;for line in ROLE= TIMEOUT=600 POLL=5 POLL_HEALTHY=60 'RESTART_AFTER=10 20 40 80 160 300 600' INSTANCE_CONNECT=yes;do eval "${line%%=*}=\${SSMWAKE_${line%%=*}-\${line#*=}}";done;for i in "$TIMEOUT" "$POLL" "$POLL_HEALTHY" ${RESTART_AFTER:-0};do case $i in ''|0*|*[!0-9]*|???????*)a usage "$i: not seconds from 1 to 999999";;esac;done;}
case $(command -v print) in print)b(){ print -r -- "$1";};;*)b(){ printf '%s\n' "$1";};;esac;c(){ [ "$1" = "$ao" ]||b "ssmwake: $1">&2;ao=$1;}
a(){ trap - HUP INT TERM;a=$1 ay=false;[ -z "$al" ]||rm -f "$al";[ -z "${2:-}" ]||c "$1: $2";case $1:$d in signal:*);;ready:*|*installed:*install|already-*|agent-not-seeded:*|agent-[!u]*d:run)f=0 ay=true;;usage:*)f=64;;imds-disabled:*|no-[!r]*|agent-no-*)f=69;;cannot-*)f=73;;need-root:*)f=77;;creds-[A-Z]*|agent-masked:*)f=78;;restart-*|agent-[!u]*|on-*)f=71;;*)f=75;;esac;g;b "{\"v\":1,\"ok\":$ay,\"exit\":$f,\"reason\":\"$a\",\"role\":\"$k\",\"profile\":\"$z\",\"action\":\"$o\",\"unit\":\"$h\",\"agent\":\"$c\",\"instance_connect\":\"$N\",\"waited_s\":$((b-ag)),\"polls\":$aq,\"client\":\"${K##*/}\",\"http\":$P$ad}" 2>/dev/null;exit "$f";}
g(){ read -r b ai</proc/uptime;b=${b%.*};}
aT='import http.client, signal, sys
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
sys.exit(bool(rc))';aS='set +x
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
exit $rc';K(){ for aF in curl python3 /usr/libexec/platform-python bash;do K=$aF;command -v "$aF">/dev/null 2>&1&&return;done;K=;a no-http-client 'install curl, python3 or bash';}
t(){ ap=$1 ar=$2;shift 2;aP=$#;af=$((A&&A-b<2?1:2));case $K in curl)ar="header = \"$ar\"";set -- curl -qsgK - --noproxy '*' --proto =http --connect-timeout 1 -m $af --limit-rate 8k --max-filesize 8192 -X "$ap" -w '\n~%{http_code}\n' "$@";;bash)set -- timeout $af bash -c "$aS" $((af-1)).9 "$ap" "$@";;*)set -- "$K" -ISc "$aT" $af "$ap" "$@";;esac;{ aR=$(b "$ar"|"$@");} 2>/dev/null;aL=$?;set -f;IFS='~';set -- $aR;unset IFS;set +f;eval "last=\${$#}";am=${2-};[ $aP = 2 ]||am=$last;p "${1-}" "$am";}
p(){ j=${1%"$l"} P=${2%%"$l"*};case $P:$aL in 200:0)a=;;200:63)a=oversize-body;;200:*)a=partial-body;;429:*|5??:*)a=imds-busy;;403:*)a=imds-forbidden;;[1-4]??:*)a=imds-http-$P;;*)a=imds-unreachable P=0;;esac;[ ${#j} -le 8192 ]||a=oversize-body;}
as=http://169.254.169.254:80;aI='http://[fd00:ec2::254]:80';m(){ aA=$p/latest/meta-data/iam;for ai in 1 2;do if [ -z "$U" ]||[ $((b-aK)) -gt 21000 ];then U=;t PUT 'X-aws-ec2-metadata-token-ttl-seconds: 21600' "$p/latest/api/token";case $a in imds-forbidden)a=imds-disabled;;imds-http-40[45])a=no-imdsv2;;imds-http-400)a=token-rejected;;esac;[ ${#j} -le 1024 ]||j=;case $a$j in ''|*[!A-Za-z0-9_=+/.-]*)a=${a:-token-garbled};;esac;[ -z "$a" ]||{ last=;return;}
U=$j aK=$b;fi;t GET "X-aws-ec2-metadata-token: $U" "$aA/$1" ${2:+"$aA/$2"};[ "$a" = imds-http-401 ]||return 0;U= last=;a=token-refused;done;}
f(){ i= ah=;set -f;IFS='"';for e in $1;do case $ah:$e in :"$2")ah=1;;1:*[!\ :]*)ah=;;1:*:*)ah=2;;2:*)i=$e;break;;esac;done;unset IFS;set +f;}
k(){ aq=$((aq+1));O=;m info security-credentials/;aN=$j;[ -z "$last" ]||p "${am#*"$l"}" "$last";case $a in '')H;;imds-http-404)a=no-role;;imds-unreachable)case $p in "$as")p=$aI;;"$aI")p=$as;;esac;;esac;}
H(){ a=role-list-garbled;j=${j%%"$l"*};case $j in ''|*[!A-Za-z0-9_+=,.@-]*)return;;esac;[ ${#j} -le 64 ]||return;k=$j;f "$aN" InstanceProfileId;case $i in *[!A-Z0-9]*)i=;;esac;z=$i t=$i/$k;a=other-role;[ "${ROLE:-$k}" = "$k" ]||return;a=ready;h "$G"&&[ "$d" != status ]&&return;m "security-credentials/$k";[ -z "$a" ]||return;f "$j" Code;case $i in Success);;*[!A-Za-z]*|'')a=creds-garbled;;*)a=creds-$i;;esac;for u in AccessKeyId SecretAccessKey Token Expiration;do f "$j" $u;[ -n "$i" ]||a=${a:-creds-missing-$u};done;[ -z "$a" ]||return;a=ready O=$i;if expr "x$O" \< "x$(date -u +%Y-%m-%dT%H:%M:%SZ)">/dev/null;then ad=',"expired":true';c "credentials expired at $O";fi;}
h(){ [ "${1#*/}" = "$k" ]||return;[ -z "$z" ]||[ -z "${1%%/*}" ]||[ "${1%%/*}" = "$z" ];}
o(){ LoadState=not-found ActiveState= SubState= MainPID= UnitFileState=;for line in $(systemctl show -pLoadState,ActiveState,SubState,MainPID,UnitFileState "$1" 2>/dev/null);do case $line in [A-Z]*=*)eval "${line%%=*}=\${line#*=}";;esac;done;}
E(){ case $s in systemd)for C in snap.amazon-ssm-agent.amazon-ssm-agent.service amazon-ssm-agent.service;do h=$C;o "$h";[ "$LoadState" = not-found ]||return;done;;openrc)h=amazon-ssm-agent LoadState=loaded ActiveState=inactive;u amazon-ssm-ag&&SubState=running MainPID=$R;rc-service -e $h&&return;;esac;h= LoadState=not-found;}
u(){ R=;for Y in /proc/[0-9]*;do j "${Y#/proc/}" "$1"||continue;q "${Y#/proc/}"||continue;case $aH:$g in "${2:-$aH}":*)R=${Y#/proc/};return;;1:)R=${Y#/proc/};;esac;done;[ -n "$R" ];}
j(){ C=;read -r C 2>/dev/null<"/proc/$1/comm";case $C in "$2"*);;*)return 1;;esac;}
q(){ read -r line 2>/dev/null<"/proc/$1/stat"||return;set -- ${line##*") "};aH=$2 az=$((b-${20}/100));}
n(){ if ! j "$v" amazon-ssm-ag;then v= F= ActiveState= SubState= UnitFileState=;E;c=starting;case $s:$LoadState:$SubState:$ActiveState:$UnitFileState in :*)c=no-service-manager;;*:not-found:*)c=not-installed;;*:masked:*)c=masked;;*:running:*)v=$MainPID;;*:inactive:disabled)c=disabled;;*:inactive:*)c=stopped;;*:failed:*|*:auto-restart:*)c=down;;*:deactivating:*)c=stopping;;esac;[ -n "$v" ]||return 0;fi;if ! j "$F" ssm-agent-worke;then ax=-300;u ssm-agent-worke "$v";F=$R;fi;c=online;if [ -z "$F" ];then c=starting;q "$v"&&[ "$az" -lt 5 ]||c=asleep;elif [ $((b-ax)) -ge 300 ];then if D;then Q= ax=$b;else Q=${Q:-$b};c=connecting;[ $((b-Q)) -lt "$au" ]||c=hibernating;fi;fi;}
D(){ aQ=$(ls -l "/proc/$F/fd" 2>/dev/null)||return 0;ak=none;for e in $aQ;do case $e in socket:*)e=${e#*"["};ak="$ak|${e%"]"}";;esac;done;grep -hE "^ *[^ ]+ [^ ]+ [^ ]+ 01 ([^ ]+ +){5}($ak) " "/proc/$F/net/tcp" "/proc/$F/net/tcp6" 2>/dev/null|grep -qv FEA9FEA9:0050;}
e(){ timeout 20 systemctl --no-block --no-ask-password "$@"</dev/null>/dev/null 2>&1;}
i(){ if [ "$d$ae" = run ]&&read -r x 2>/dev/null<"$m/watch.lock"&&[ -e "/proc/$x/comm" ];then y=$((y?y:b));return 1;fi;ao= y=$b q= Q= o=restarted;c "restarting $h: $c, role $k";set -- "$aB"/*/document/state/current/*;if [ -n "${AWS_SSM_INSTANCE_ID:-}" ]&&[ "$s" = systemd ];then o=scheduled;systemd-run --on-active=5 --timer-property=AccuracySec=100ms systemctl --no-block restart "$h";elif [ "$s" = openrc ];then rc-service "$h" restart;else [ "$c" != asleep ]||[ -e "$1" ]||kill -KILL "$v";[ "$c" != down ]||e reset-failed "$h";e restart "$h";fi>/dev/null 2>&1||o=restart-failed;v= c=starting;an=${L%% *};L=${L#"$an" };aM=$(od -An -N2 -tu2 /dev/urandom);Z=$((b+an+aM%(an/20+1)));[ "$o" != restart-failed ];}
v(){ [ "$INSTANCE_CONNECT" = yes ]&&[ "$s" = systemd ]||return;N=no-unit;for C in ec2-instance-connect ec2-instance-connect-harvest-hostkeys;do o $C.service;[ "$LoadState" != loaded ]||N=$C;done;[ "$N" = no-unit ]||[ "$d" = status ]||e restart $N.service;}
w(){ T=$ag;[ "$d" = watch ]||A=$((ag+TIMEOUT));while :;do g;k;if [ "$a" = ready ];then X=0;h "$G"||B;[ "$d" != wait ]||a ready;y;else G;fi;[ "$A" = 0 ]||[ "$b" -lt "$A" ]||s;B=$((b-T<60?1:b-T<600?2:POLL));B=$((B<POLL?B:POLL));[ -z "$q" ]||B=$POLL_HEALTHY;B=$((X<3?B:300));sleep $((A&&A-b<B?A-b:B))&V=$!;wait $V;done;}
G(){ c "waiting: $a";case $a in imds-disabled|no-imdsv2)X=$((X+1));[ "$X" -lt 3 ]||[ "$d" = watch ]||s;;no-role)[ -z "$G" ]||T=$b;S= M= G= q= k= z=;l;;esac;}
s(){ case $a:$c in ready:down)a=restart-failed;;ready:stopping)a=restart-hang;;ready:not-installed)a=agent-not-seeded;;ready:*)a=agent-unregistered;;esac;a "$a" 'gave up';}
y(){ n;h "$M"||F||return;case $c in online)[ -n "$q" ]||c "agent online";q=yes au=60;[ $((b-y)) -lt 600 ]||L=$RESTART_AFTER;[ "$d" != run ]||a ready;;asleep|hibernating|down)q=;[ "$b" -lt "$Z" ]||i;;stopped)case $y:$o in 0:*|*:queued|*:restart-failed)[ -n "$q" ]||[ "$b" -lt "$Z" ]||i;;*)if [ $((b-y)) -ge 5 ];then o=queued;[ "$d" != run ]||a ready;fi;;esac;;not-installed|masked|disabled|no-service-manager)c "agent: $c";q=yes o=skipped:$c;if [ "$c" = not-installed ]&&command -v snap>/dev/null;then q=;elif [ "$d" = run ];then a agent-$c;fi;;esac;[ "$o:$d" != scheduled:run ]||a ready;}
F(){ case $S:$ae:$c in yes::*);;*:online|*:connecting|*:hibernating)case $av:$M in "$t":*);;*:"$z"/*|*:*/"$k")av=$t T=$b q=;return 1;;esac;if [ "$b" -lt "$aj" ];then c "holding back: the role changes too often";return 1;fi;[ $((b-aj)) -lt 3600 ]||aa=60;aj=$((b+aa)) aa=$((aa*3)) L=$RESTART_AFTER;i||return;;*:starting|*:stopping)return 1;;esac;[ "$y" = "$b" ]||L=$RESTART_AFTER Z=0;[ "$c" = online ]||v;T=$b au=10 S= ae= av= M=$t;l;}
l(){ [ "$d" = watch ]||return 0;{ b "$M $G">"$m/state";} 2>/dev/null||:;}
I(){ mkdir -p "$m" 2>/dev/null;read -r x 2>/dev/null<"$m/$d.lock"&&[ -e "/proc/$x/comm" ]&&a already-running "process $x";read -r x ai</proc/self/stat;if { b "$x">"$m/$d.lock";} 2>/dev/null;then al=$m/$d.lock;else c "$m cannot be written";fi;S=yes;[ "$d" = watch ]&&read -r M G 2>/dev/null<"$m/state"&&S=;}
B(){ G=$t;c "role $k";l;[ "$d" != watch ]||e restart ssmwake-ready.target||sh "$0" on-ready>/dev/null&}
C(){ t=unknown;read -r ai t 2>/dev/null<"$m/state";if [ -f "$ac" ]&&! grep -qxF "$t" "$ab/ready" 2>/dev/null;then sh "$ac">&2||a on-ready-failed "$ac";b "$t">>"$ab/ready";fi;a ready;}
z(){ [ -n "$g" ]||[ "$(id -u)" = 0 ]||c "not root: what the agent does is a guess";k;[ "$a" != imds-unreachable ]||k;n;v;at=inactive I='not needed' line=;read -r x 2>/dev/null<"$m/watch.lock"&&[ -e "/proc/$x/comm" ]&&at=active;if [ "$c" = asleep ];then J=0;line=$(grep -o 'Sleeping for [0-9hms]*' "$g/var/log/amazon/ssm/amazon-ssm-agent.log" 2>/dev/null|tail -n 1);IFS=hms;for aO in ${line##* };do J=$((J*60+aO));done;unset IFS;[ "$J" -gt 0 ]||J=1800;I="in about $(((J-az%J)/60)) min";fi;line=;read -r line 2>/dev/null<"$aB/runtimeconfig/identity_config.json";f "$line" CredentialSource;aC="answers at $p, with a token (asked by ${K##*/})" f=;case $a in ready)f=Success;;creds-*)f=${a#creds-};;no-role|other-role);;*)aC="$a at $p";;esac;[ "$a:$c" = ready:online ]||[ "$a" != ready ]||a=agent-$c;case $a in ready)n=nothing;;agent-not-installed)n='install amazon-ssm-agent';;agent-masked|agent-disabled)n="enable $h";;agent-starting|agent-connecting|agent-stopping)n='look again in ten seconds';;agent-*)n='ssmwake run';;no-role)n='attach an instance profile that has a role';;other-role)n='attach the role that is asked for, or ask for another';;creds-Assume*)n='let ec2.amazonaws.com assume the role, in its trust policy';;imds-disabled)n='enable the HTTP endpoint in the metadata options of the instance';;*)n='look again in a minute';;esac;if [ -z "$aD" ];then b "IMDS              $aC
role              ${k:-none}${z:+, by the profile $z}
credentials       ${f:-none}${O:+, until $O}
agent             $c${h:+ ($h)}
its credentials   ${i:-none so far}
its own retry     $I
Instance Connect  $N
watcher           $at
verdict           $a
what to do        $n";exec>/dev/null;fi;ad="$ad,\"endpoint\":\"$p\",\"code\":\"$f\",\"expires\":\"$O\",\"agent_source\":\"$i\",\"agent_retry\":\"$I\",\"watcher\":\"$at\",\"todo\":\"$n\"";a "$a";}
D=$g/etc/systemd/system;aw=$g/etc/init.d/ssmwake;I=$g/var/lib/cloud/scripts/per-boot/ssmwake;d(){ b "$2"|cmp -s - "$1"&&return;mkdir -p "${1%/*}"&&b "$2">"$1.new"&&chmod "$3" "$1.new"&&mv -f "$1.new" "$1";} 2>/dev/null;A(){ aE=$(cat "$0");sh -n "$0"||a cannot-read "$0";E=$g/usr/local/sbin/ssmwake;d "$E" "$aE" 755||{ E=$ab/ssmwake;d "$E" "$aE" 700||a cannot-write "$E";}
aJ=$(cat "$H" 2>/dev/null);case $aJ$l in "$w"*);;*)d "$H" "$w$aJ" 600||a cannot-write "$H";;esac;o=installed;case $s in systemd)L||a cannot-write "$D";systemctl daemon-reload;systemctl enable ssmwake>/dev/null 2>&1;e restart ssmwake;;openrc)d "$aw" "#!/sbin/openrc-run${l}supervisor=supervise-daemon${l}command=/bin/sh${l}command_args='$E watch'" 755||a cannot-write "$aw";rc-update add ssmwake default>&2;rc-service ssmwake restart>&2;;*)a no-service-manager 'neither systemd nor OpenRC';;esac||a restart-failed ssmwake;rm -f "$I";a installed;}
L(){ aG= W=$(systemctl --version);W=${W#systemd };W=${W%%[!0-9]*};[ "${W:-0}" -lt 239 ]||aG=SystemCallFilter=@system-service;d "$D/ssmwake.service" "[Unit]
Description=Wake the SSM agent when its role arrives
After=network.target
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh $E watch
Restart=always
RestartSec=15
SuccessExitStatus=143
UMask=0077
RuntimeDirectory=ssmwake
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
TasksMax=16
MemoryMax=64M
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SYS_PTRACE
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
$aG
IPAddressDeny=any
IPAddressAllow=169.254.169.254 fd00:ec2::254
[Install]
WantedBy=multi-user.target" 644&&d "$D/ssmwake-ready.target" "[Unit]
Description=The role has credentials
Wants=ssmwake-on-ready.service" 644&&d "$D/ssmwake-on-ready.service" "[Unit]
Description=Commands that want the role
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/sh $E on-ready" 644;}
J(){ o=uninstalled;case $s in systemd)timeout 60 systemctl disable --now ssmwake;systemctl stop ssmwake-ready.target;;openrc)rc-service ssmwake stop;rc-update del ssmwake;;esac>/dev/null 2>&1;rm -rf "$D/ssmwake.service" "$D/ssmwake-ready.target" "$D/ssmwake-on-ready.service" "$aw" "$I" "$g/usr/local/sbin/ssmwake" "$H" "$ac" "$ab" "$m"||a cannot-write 'not all is gone';[ "$s" != systemd ]||systemctl daemon-reload;a uninstalled;}
case $- in *x*)set +x;;esac;set -u;umask 077;LC_ALL=C;export LC_ALL;PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin};export PATH;unset IFS http_proxy HTTP_PROXY https_proxy all_proxy ALL_PROXY CURL_HOME;x(){ p=$as d=${1:---help} ag=0;A=0 aq=0 P=0 y=0 Z=0 aK=0 X=0 aj=0 aa=60 au=10 ax=-300;o=none c=unknown N=off a= k= z= t= h= K= aD= ad= ao= al=;V= U= M= G= av= q= S= ae= u= w= v= F= Q= L=;g;ag=$b;trap 'on_signal 129' HUP;trap 'on_signal 130' INT;trap 'on_signal 143' TERM;[ $# = 0 ]||shift;for e;do case $u:$e in --role:*[!A-Za-z0-9_+=,.@-]*)a usage "$e: not the name of a role";;--role:*)SSMWAKE_ROLE=$e w=${w}SSMWAKE_ROLE=$e$l;;--timeout:*)SSMWAKE_TIMEOUT=$e w=${w}SSMWAKE_TIMEOUT=$e$l;;--poll:*)SSMWAKE_POLL=$e w=${w}SSMWAKE_POLL=$e$l;;--endpoint:*)p=$e;;:--json)aD=yes;;:--restart)ae=yes;;:-h|:--help)d=--help;;:--role|:--timeout|:--poll|:--endpoint)u=$e;continue;;*)a usage "$e: unknown option";;esac;u=;done;[ -z "$u" ]||a usage "$u: needs a value";case $d in wait|run|watch|status|install|uninstall|on-ready);;-h|--help)b 'ssmwake wait|run|watch|status|install|uninstall [--role NAME] [--timeout SECONDS] [--poll SECONDS] [--endpoint URL] [--restart] [--json]
wait: until the role has credentials; run: and the agent is online; watch: for ever';exit;;*)a usage "$d: unknown command";;esac;case $p in *[!A-Za-z0-9:/.[\]-]*)a usage "$p: not the URL of IMDS";;esac;M;s=;! command -v rc-service>/dev/null 2>&1||s=openrc;[ ! -d "$g/run/systemd/system" ]||s=systemd;case $d in wait|status);;*)[ -n "$g" ]||[ "$(id -u)" = 0 ]||a need-root;;esac;case $d in on-ready)C;;install)A;;uninstall)J;;esac;K;case $d in status)z;;run|watch)I;;esac;w;}
on_signal(){ [ -z "$V" ]||{ kill "$V"&&wait "$V";} 2>/dev/null;f=$1;a signal;}
x "$@"
