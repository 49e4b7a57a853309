#!/bin/sh
# Rendered by ssmwake from templates/; do not edit.
root=${SSMWAKE_ROOT:-}
conf=$root/etc/ssmwake.conf
hook=$root/etc/ssmwake.on-ready
lib=$root/var/lib/ssmwake
run=$root/run/ssmwake
ssm=$root/var/lib/amazon/ssm
nl='
'
load_settings() {
	if [ -r "$conf" ]; then
		while IFS= read -r line || [ -n "$line" ]; do
			case ${line%%=*} in
			*[!A-Z_]*) ;;
			SSMWAKE_*) eval ": \"\${${line%%=*}=\${line#*=}}\"" ;;
			esac
		done <"$conf"
	fi
	for line in ROLE= TIMEOUT=600 POLL=5 POLL_HEALTHY=60 'RESTART_AFTER=10 20 40 80 160 300 600' INSTANCE_CONNECT=yes; do
		eval "${line%%=*}=\${SSMWAKE_${line%%=*}-\${line#*=}}"
	done
	for value in "$TIMEOUT" "$POLL" "$POLL_HEALTHY" ${RESTART_AFTER:-0}; do
		case $value in
		'' | 0* | *[!0-9]* | ???????*) finish usage "$value: not seconds from 1 to 999999" ;;
		esac
	done
}
case $(command -v print) in
print) put() { print -r -- "$1"; } ;;
*) put() { printf '%s\n' "$1"; } ;;
esac
tell() {
	[ "$1" = "$told" ] || put "ssmwake: $1" >&2
	told=$1
}
finish() {
	trap - HUP INT TERM
	reason=$1 ok=false
	[ -z "$lock" ] || rm -f "$lock"
	[ -z "${2:-}" ] || tell "$1: $2"
	case $1:$mode in
	signal:*) ;;
	ready:* | *installed:*install | already-* | agent-not-seeded:* | agent-[!u]*d:run) code=0 ok=true ;;
	usage:*) code=64 ;;
	imds-disabled:* | no-[!r]* | agent-no-*) code=69 ;;
	cannot-*) code=73 ;;
	need-root:*) code=77 ;;
	creds-[A-Z]* | agent-masked:*) code=78 ;;
	restart-* | agent-[!u]* | on-*) code=71 ;;
	*) code=75 ;;
	esac
	now
	put "{\"v\":1,\"ok\":$ok,\"exit\":$code,\"reason\":\"$reason\",\"role\":\"$has\",\"profile\":\"$profile\",\"action\":\"$action\",\"unit\":\"$unit\",\"agent\":\"$agent\",\"instance_connect\":\"$connect\",\"waited_s\":$((now - start)),\"polls\":$polls,\"client\":\"${client##*/}\",\"http\":$http$more}" 2>/dev/null
	exit "$code"
}
now() {
	read -r now _ </proc/uptime
	now=${now%.*}
}
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
find_client() {
	for tool in curl python3 /usr/libexec/platform-python bash; do
		client=$tool
		command -v "$tool" >/dev/null 2>&1 && return
	done
	client=''
	finish no-http-client 'install curl, python3 or bash'
}
request() {
	verb=$1 header=$2
	shift 2
	urls=$#
	limit=$((deadline && deadline - now < 2 ? 1 : 2))
	case $client in
	curl)
		header="header = \"$header\""
		set -- curl -qsgK - --noproxy '*' --proto =http --connect-timeout 1 -m $limit --limit-rate 8k --max-filesize 8192 \
			-X "$verb" -w '\n~%{http_code}\n' "$@"
		;;
	bash) set -- timeout $limit bash -c "$bash_client" $((limit - 1)).9 "$verb" "$@" ;;
	*) set -- "$client" -ISc "$python_client" $limit "$verb" "$@" ;;
	esac
	{ replies=$(put "$header" | "$@"); } 2>/dev/null
	rc=$?
	set -f
	IFS='~'
	set -- $replies
	unset IFS
	set +f
	eval "last=\${$#}"
	next=${2-}
	[ $urls = 2 ] || next=$last
	judge "${1-}" "$next"
}
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
imds_v4=http://169.254.169.254:80
imds_v6='http://[fd00:ec2::254]:80'
get() {
	iam=$endpoint/latest/meta-data/iam
	for _ in 1 2; do
		if [ -z "$token" ] || [ $((now - token_since)) -gt 21000 ]; then
			token=''
			request PUT 'X-aws-ec2-metadata-token-ttl-seconds: 21600' "$endpoint/latest/api/token"
			case $reason in
			imds-forbidden) reason='imds-disabled' ;;
			imds-http-40[45]) reason='no-imdsv2' ;;
			imds-http-400) reason='token-rejected' ;;
			esac
			[ ${#body} -le 1024 ] || body=''
			case $reason$body in
			'' | *[!A-Za-z0-9_=+/.-]*) reason=${reason:-token-garbled} ;;
			esac
			[ -z "$reason" ] || {
				last=''
				return
			}
			token=$body token_since=$now
		fi
		request GET "X-aws-ec2-metadata-token: $token" "$iam/$1" ${2:+"$iam/$2"}
		[ "$reason" = imds-http-401 ] || return 0
		token='' last=''
		reason='token-refused'
	done
}
field() {
	value='' state=''
	set -f
	IFS='"'
	for word in $1; do
		case $state:$word in
		:"$2") state=1 ;;
		1:*[!\ :]*) state='' ;;
		1:*:*) state=2 ;;
		2:*)
			value=$word
			break
			;;
		esac
	done
	unset IFS
	set +f
}
poll_imds() {
	polls=$((polls + 1))
	expires=''
	get info security-credentials/
	info=$body
	[ -z "$last" ] || judge "${next#*"$nl"}" "$last"
	case $reason in
	'') read_role ;;
	imds-http-404) reason=no-role ;;
	imds-unreachable)
		case $endpoint in
		"$imds_v4") endpoint=$imds_v6 ;;
		"$imds_v6") endpoint=$imds_v4 ;;
		esac
		;;
	esac
}
read_role() {
	reason='role-list-garbled'
	body=${body%%"$nl"*}
	case $body in
	'' | *[!A-Za-z0-9_+=,.@-]*) return ;;
	esac
	[ ${#body} -le 64 ] || return
	has=$body
	field "$info" InstanceProfileId
	case $value in
	*[!A-Z0-9]*) value='' ;;
	esac
	profile=$value id=$value/$has
	reason='other-role'
	[ "${ROLE:-$has}" = "$has" ] || return
	reason=ready
	same "$announced" && [ "$mode" != status ] && return
	get "security-credentials/$has"
	[ -z "$reason" ] || return
	field "$body" Code
	case $value in
	Success) ;;
	*[!A-Za-z]* | '') reason='creds-garbled' ;;
	*) reason=creds-$value ;;
	esac
	for key in AccessKeyId SecretAccessKey Token Expiration; do
		field "$body" $key
		[ -n "$value" ] || reason=${reason:-creds-missing-$key}
	done
	[ -z "$reason" ] || return
	reason=ready expires=$value
	if expr "x$expires" \< "x$(date -u +%Y-%m-%dT%H:%M:%SZ)" >/dev/null; then
		more=',"expired":true'
		tell "credentials expired at $expires"
	fi
}
same() {
	[ "${1#*/}" = "$has" ] || return
	[ -z "$profile" ] || [ -z "${1%%/*}" ] || [ "${1%%/*}" = "$profile" ]
}
show() {
	LoadState=not-found ActiveState='' SubState='' MainPID='' UnitFileState=''
	for line in $(systemctl show -pLoadState,ActiveState,SubState,MainPID,UnitFileState "$1" 2>/dev/null); do
		case $line in
		[A-Z]*=*) eval "${line%%=*}=\${line#*=}" ;;
		esac
	done
}
find_unit() {
	case $manager in
	systemd)
		for name in snap.amazon-ssm-agent.amazon-ssm-agent.service amazon-ssm-agent.service; do
			unit=$name
			show "$unit"
			[ "$LoadState" = not-found ] || return
		done
		;;
	openrc)
		unit=amazon-ssm-agent LoadState=loaded ActiveState=inactive
		find_process amazon-ssm-ag && SubState=running MainPID=$found
		rc-service -e $unit && return
		;;
	esac
	unit='' LoadState=not-found
}
find_process() {
	found=''
	for dir in /proc/[0-9]*; do
		named "${dir#/proc/}" "$1" || continue
		examine "${dir#/proc/}" || continue
		case $parent:$root in
		"${2:-$parent}":*)
			found=${dir#/proc/}
			return
			;;
		1:) found=${dir#/proc/} ;;
		esac
	done
	[ -n "$found" ]
}
named() {
	name=''
	read -r name 2>/dev/null <"/proc/$1/comm"
	case $name in
	"$2"*) ;;
	*) return 1 ;;
	esac
}
examine() {
	read -r line 2>/dev/null <"/proc/$1/stat" || return
	set -- ${line##*") "}
	parent=$2 age=$((now - ${20} / 100))
}
look() {
	if ! named "$pid" amazon-ssm-ag; then
		pid='' worker='' ActiveState='' SubState='' UnitFileState=''
		find_unit
		agent=starting
		case $manager:$LoadState:$SubState:$ActiveState:$UnitFileState in
		:*) agent=no-service-manager ;;
		*:not-found:*) agent=not-installed ;;
		*:masked:*) agent=masked ;;
		*:running:*) pid=$MainPID ;;
		*:inactive:disabled) agent=disabled ;;
		*:inactive:*) agent=stopped ;;
		*:failed:* | *:auto-restart:*) agent=down ;;
		*:deactivating:*) agent=stopping ;;
		esac
		[ -n "$pid" ] || return 0
	fi
	if ! named "$worker" ssm-agent-worke; then
		seen_online=-300
		find_process ssm-agent-worke "$pid"
		worker=$found
	fi
	agent=online
	if [ -z "$worker" ]; then
		agent=starting
		examine "$pid" && [ "$age" -lt 5 ] || agent=asleep
	elif [ $((now - seen_online)) -ge 300 ]; then
		if connected; then
			lost='' seen_online=$now
		else
			lost=${lost:-$now}
			agent=connecting
			[ $((now - lost)) -lt "$patience" ] || agent=hibernating
		fi
	fi
}
connected() {
	links=$(ls -l "/proc/$worker/fd" 2>/dev/null) || return 0
	list=none
	for word in $links; do
		case $word in
		socket:*)
			word=${word#*"["}
			list="$list|${word%"]"}"
			;;
		esac
	done
	grep -hE "^ *[^ ]+ [^ ]+ [^ ]+ 01 ([^ ]+ +){5}($list) " "/proc/$worker/net/tcp" "/proc/$worker/net/tcp6" 2>/dev/null |
		grep -qv FEA9FEA9:0050
}
control() {
	timeout 20 systemctl --no-block --no-ask-password "$@" </dev/null >/dev/null 2>&1
}
wake() {
	if [ "$mode$force" = run ] && read -r owner 2>/dev/null <"$run/watch.lock" && [ -e "/proc/$owner/comm" ]; then
		woken=$((woken ? woken : now))
		return 1
	fi
	told='' woken=$now healthy='' lost='' action=restarted
	tell "restarting $unit: $agent, role $has"
	set -- "$ssm"/*/document/state/current/*
	if [ -n "${AWS_SSM_INSTANCE_ID:-}" ] && [ "$manager" = systemd ]; then
		action=scheduled
		systemd-run --on-active=5 --timer-property=AccuracySec=100ms systemctl --no-block restart "$unit"
	elif [ "$manager" = openrc ]; then
		rc-service "$unit" restart
	else
		[ "$agent" != asleep ] || [ -e "$1" ] || kill -KILL "$pid"
		[ "$agent" != down ] || control reset-failed "$unit"
		control restart "$unit"
	fi >/dev/null 2>&1 || action=restart-failed
	pid='' agent=starting
	rung=${ladder%% *}
	ladder=${ladder#"$rung" }
	dice=$(od -An -N2 -tu2 /dev/urandom)
	due=$((now + rung + dice % (rung / 20 + 1)))
	[ "$action" != restart-failed ]
}
find_instance_connect() {
	[ "$INSTANCE_CONNECT" = yes ] && [ "$manager" = systemd ] || return
	connect=no-unit
	for name in ec2-instance-connect ec2-instance-connect-harvest-hostkeys; do
		show $name.service
		[ "$LoadState" != loaded ] || connect=$name
	done
	[ "$connect" = no-unit ] || [ "$mode" = status ] || control restart $connect.service
}
loop() {
	since=$start
	[ "$mode" = watch ] || deadline=$((start + TIMEOUT))
	while :; do
		now
		poll_imds
		if [ "$reason" = ready ]; then
			refusals=0
			same "$announced" || announce
			[ "$mode" != wait ] || finish ready
			tend
		else
			not_ready
		fi
		[ "$deadline" = 0 ] || [ "$now" -lt "$deadline" ] || give_up
		interval=$((now - since < 60 ? 1 : now - since < 600 ? 2 : POLL))
		interval=$((interval < POLL ? interval : POLL))
		[ -z "$healthy" ] || interval=$POLL_HEALTHY
		interval=$((refusals < 3 ? interval : 300))
		sleep $((deadline && deadline - now < interval ? deadline - now : interval)) &
		sleeper=$!
		wait $sleeper
	done
}
not_ready() {
	tell "waiting: $reason"
	case $reason in
	imds-disabled | no-imdsv2)
		refusals=$((refusals + 1))
		[ "$refusals" -lt 3 ] || [ "$mode" = watch ] || give_up
		;;
	no-role)
		[ -z "$announced" ] || since=$now
		fresh='' applied='' announced='' healthy='' has='' profile=''
		save_state
		;;
	esac
}
give_up() {
	case $reason:$agent in
	ready:down) reason='restart-failed' ;;
	ready:stopping) reason='restart-hang' ;;
	ready:not-installed) reason='agent-not-seeded' ;;
	ready:*) reason='agent-unregistered' ;;
	esac
	finish "$reason" 'gave up'
}
tend() {
	look
	same "$applied" || meet_role || return
	case $agent in
	online)
		[ -n "$healthy" ] || tell "agent online"
		healthy=yes patience=60
		[ $((now - woken)) -lt 600 ] || ladder=$RESTART_AFTER
		[ "$mode" != run ] || finish ready
		;;
	asleep | hibernating | down)
		healthy=''
		[ "$now" -lt "$due" ] || wake
		;;
	stopped)
		case $woken:$action in
		0:* | *:queued | *:restart-failed) [ -n "$healthy" ] || [ "$now" -lt "$due" ] || wake ;;
		*)
			if [ $((now - woken)) -ge 5 ]; then
				action=queued
				[ "$mode" != run ] || finish ready
			fi
			;;
		esac
		;;
	not-installed | masked | disabled | no-service-manager)
		tell "agent: $agent"
		healthy=yes action=skipped:$agent
		if [ "$agent" = not-installed ] && command -v snap >/dev/null; then
			healthy=''
		elif [ "$mode" = run ]; then
			finish agent-$agent
		fi
		;;
	esac
	[ "$action:$mode" != scheduled:run ] || finish ready
}
meet_role() {
	case $fresh:$force:$agent in
	yes::*) ;;
	*:online | *:connecting | *:hibernating)
		case $candidate:$applied in
		"$id":*) ;;
		*:"$profile"/* | *:*/"$has")
			candidate=$id since=$now healthy=''
			return 1
			;;
		esac
		if [ "$now" -lt "$calm" ]; then
			tell "holding back: the role changes too often"
			return 1
		fi
		[ $((now - calm)) -lt 3600 ] || gap=60
		calm=$((now + gap)) gap=$((gap * 3)) ladder=$RESTART_AFTER
		wake || return
		;;
	*:starting | *:stopping) return 1 ;;
	esac
	[ "$woken" = "$now" ] || ladder=$RESTART_AFTER due=0
	[ "$agent" = online ] || find_instance_connect
	since=$now patience=10 fresh='' force='' candidate='' applied=$id
	save_state
}
save_state() {
	[ "$mode" = watch ] || return 0
	{ put "$applied $announced" >"$run/state"; } 2>/dev/null || :
}
take_lock() {
	mkdir -p "$run" 2>/dev/null
	read -r owner 2>/dev/null <"$run/$mode.lock" && [ -e "/proc/$owner/comm" ] && finish already-running "process $owner"
	read -r owner _ </proc/self/stat
	if { put "$owner" >"$run/$mode.lock"; } 2>/dev/null; then
		lock=$run/$mode.lock
	else
		tell "$run cannot be written"
	fi
	fresh=yes
	[ "$mode" = watch ] && read -r applied announced 2>/dev/null <"$run/state" && fresh=''
}
announce() {
	announced=$id
	tell "role $has"
	save_state
	[ "$mode" != watch ] || control restart ssmwake-ready.target || sh "$0" on-ready >/dev/null &
}
on_ready() {
	id=unknown
	read -r _ id 2>/dev/null <"$run/state"
	if [ -f "$hook" ] && ! grep -qxF "$id" "$lib/ready" 2>/dev/null; then
		sh "$hook" >&2 || finish on-ready-failed "$hook"
		put "$id" >>"$lib/ready"
	fi
	finish ready
}
status() {
	[ -n "$root" ] || [ "$(id -u)" = 0 ] || tell "not root: what the agent does is a guess"
	poll_imds
	[ "$reason" != imds-unreachable ] || poll_imds
	look
	find_instance_connect
	watcher=inactive retry='not needed' line=''
	read -r owner 2>/dev/null <"$run/watch.lock" && [ -e "/proc/$owner/comm" ] && watcher=active
	if [ "$agent" = asleep ]; then
		total=0
		line=$(grep -o 'Sleeping for [0-9hms]*' "$root/var/log/amazon/ssm/amazon-ssm-agent.log" 2>/dev/null | tail -n 1)
		IFS=hms
		for part in ${line##* }; do
			total=$((total * 60 + part))
		done
		unset IFS
		[ "$total" -gt 0 ] || total=1800
		retry="in about $(((total - age % total) / 60)) min"
	fi
	line=''
	read -r line 2>/dev/null <"$ssm/runtimeconfig/identity_config.json"
	field "$line" CredentialSource
	imds="answers at $endpoint, with a token (asked by ${client##*/})" code=''
	case $reason in
	ready) code=Success ;;
	creds-*) code=${reason#creds-} ;;
	no-role | other-role) ;;
	*) imds="$reason at $endpoint" ;;
	esac
	[ "$reason:$agent" = ready:online ] || [ "$reason" != ready ] || reason=agent-$agent
	case $reason in
	ready) todo=nothing ;;
	agent-not-installed) todo='install amazon-ssm-agent' ;;
	agent-masked | agent-disabled) todo="enable $unit" ;;
	agent-starting | agent-connecting | agent-stopping) todo='look again in ten seconds' ;;
	agent-*) todo='ssmwake run' ;;
	no-role) todo='attach an instance profile that has a role' ;;
	other-role) todo='attach the role that is asked for, or ask for another' ;;
	creds-Assume*) todo='let ec2.amazonaws.com assume the role, in its trust policy' ;;
	imds-disabled) todo='enable the HTTP endpoint in the metadata options of the instance' ;;
	*) todo='look again in a minute' ;;
	esac
	if [ -z "$json" ]; then
		put "IMDS              $imds
role              ${has:-none}${profile:+, by the profile $profile}
credentials       ${code:-none}${expires:+, until $expires}
agent             $agent${unit:+ ($unit)}
its credentials   ${value:-none so far}
its own retry     $retry
Instance Connect  $connect
watcher           $watcher
verdict           $reason
what to do        $todo"
		exec >/dev/null
	fi
	more="$more,\"endpoint\":\"$endpoint\",\"code\":\"$code\",\"expires\":\"$expires\",\"agent_source\":\"$value\",\"agent_retry\":\"$retry\",\"watcher\":\"$watcher\",\"todo\":\"$todo\""
	finish "$reason"
}
units=$root/etc/systemd/system
link=$units/multi-user.target.wants/ssmwake.service
rc_script=$root/etc/init.d/ssmwake
write() {
	put "$2" | cmp -s - "$1" && return
	mkdir -p "${1%/*}" && put "$2" >"$1.new" && chmod "$3" "$1.new" && mv -f "$1.new" "$1"
} 2>/dev/null
install() {
	self=$(cat "$0")
	sh -n "$0" || finish cannot-read "$0"
	target=$root/usr/local/sbin/ssmwake
	write "$target" "$self" 755 || {
		target=$lib/ssmwake
		write "$target" "$self" 700 || finish cannot-write "$target"
	}
	settings=$(cat "$conf" 2>/dev/null)
	case $settings$nl in
	"$given"*) ;;
	*) write "$conf" "$given$settings" 600 || finish cannot-write "$conf" ;;
	esac
	action=installed
	case $manager in
	systemd)
		write_units || finish cannot-write "$units"
		systemctl daemon-reload
		systemctl enable ssmwake >/dev/null 2>&1
		control restart ssmwake
		;;
	openrc)
		write "$rc_script" "#!/sbin/openrc-run${nl}supervisor=supervise-daemon${nl}command=/bin/sh${nl}command_args='$target watch'" 755 ||
			finish cannot-write "$rc_script"
		rc-update add ssmwake default >&2
		rc-service ssmwake restart >&2
		;;
	*) finish no-service-manager 'neither systemd nor OpenRC' ;;
	esac || finish restart-failed ssmwake
	finish installed
}
write_units() {
	filter='' version=$(systemctl --version)
	version=${version#systemd }
	version=${version%%[!0-9]*}
	[ "${version:-0}" -lt 239 ] || filter=SystemCallFilter=@system-service
	write "$units/ssmwake.service" "[Unit]
Description=Wake the SSM agent when its role arrives
After=network.target
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh $target watch
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
$filter
IPAddressDeny=any
IPAddressAllow=169.254.169.254 fd00:ec2::254
[Install]
WantedBy=multi-user.target" 644 &&
		mkdir -p "${link%/*}" && ln -sf ../ssmwake.service "$link" &&
		write "$units/ssmwake-ready.target" "[Unit]
Description=The role has credentials
Wants=ssmwake-on-ready.service" 644 &&
		write "$units/ssmwake-on-ready.service" "[Unit]
Description=Commands that want the role
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/sh $target on-ready" 644
}
uninstall() {
	action=uninstalled
	case $manager in
	systemd)
		timeout 60 systemctl disable --now ssmwake
		systemctl stop ssmwake-ready.target
		;;
	openrc)
		rc-service ssmwake stop
		rc-update del ssmwake
		;;
	esac >/dev/null 2>&1
	rm -rf "$link" "$units/ssmwake.service" "$units/ssmwake-ready.target" "$units/ssmwake-on-ready.service" "$rc_script" \
		"$root/usr/local/sbin/ssmwake" "$conf" "$hook" "$lib" "$run" || finish cannot-write 'not all is gone'
	[ "$manager" != systemd ] || systemctl daemon-reload
	finish uninstalled
}
case $- in
*x*) set +x ;;
esac
set -u
umask 077
LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH
unset IFS http_proxy HTTP_PROXY https_proxy all_proxy ALL_PROXY CURL_HOME
main() {
	endpoint=$imds_v4 mode=${1:---help} start=0
	deadline=0 polls=0 http=0 woken=0 due=0 token_since=0 refusals=0 calm=0 gap=60 patience=10 seen_online=-300
	action=none agent=unknown connect=off reason='' has='' profile='' id='' unit='' client='' json='' more='' told='' lock=''
	sleeper='' token='' applied='' announced='' candidate='' healthy='' fresh='' force='' key='' given='' pid='' worker='' lost='' ladder=''
	now
	start=$now
	trap 'on_signal 129' HUP
	trap 'on_signal 130' INT
	trap 'on_signal 143' TERM
	[ $# = 0 ] || shift
	for word; do
		case $key:$word in
		--role:*[!A-Za-z0-9_+=,.@-]*) finish usage "$word: not the name of a role" ;;
		--role:*) SSMWAKE_ROLE=$word given=${given}SSMWAKE_ROLE=$word$nl ;;
		--timeout:*) SSMWAKE_TIMEOUT=$word given=${given}SSMWAKE_TIMEOUT=$word$nl ;;
		--poll:*) SSMWAKE_POLL=$word given=${given}SSMWAKE_POLL=$word$nl ;;
		--endpoint:*) endpoint=$word ;;
		:--json) json=yes ;;
		:--restart) force=yes ;;
		:-h | :--help) mode=--help ;;
		:--role | :--timeout | :--poll | :--endpoint)
			key=$word
			continue
			;;
		*) finish usage "$word: unknown option" ;;
		esac
		key=''
	done
	[ -z "$key" ] || finish usage "$key: needs a value"
	case $mode in
	wait | run | watch | status | install | uninstall | on-ready) ;;
	-h | --help)
		put 'ssmwake wait|run|watch|status|install|uninstall [--role NAME] [--timeout SECONDS] [--poll SECONDS] [--endpoint URL] [--restart] [--json]
wait: until the role has credentials; run: and the agent is online; watch: for ever'
		exit
		;;
	*) finish usage "$mode: unknown command" ;;
	esac
	case $endpoint in
	*[!A-Za-z0-9:/.[\]-]*) finish usage "$endpoint: not the URL of IMDS" ;;
	esac
	load_settings
	manager=''
	! command -v rc-service >/dev/null 2>&1 || manager=openrc
	[ ! -d "$root/run/systemd/system" ] || manager=systemd
	case $mode in
	wait | status) ;;
	*) [ -n "$root" ] || [ "$(id -u)" = 0 ] || finish need-root ;;
	esac
	case $mode in
	on-ready) on_ready ;;
	*install) $mode ;;
	esac
	find_client
	case $mode in
	status) status ;;
	run | watch) take_lock ;;
	esac
	loop
}
on_signal() {
	[ -z "$sleeper" ] || { kill "$sleeper" && wait "$sleeper"; } 2>/dev/null
	code=$1
	finish signal
}
main "$@"
