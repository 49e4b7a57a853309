#!/bin/sh
# Rendered by ssmwake from templates/runtime/; do not edit.

# Where everything is, and what can be set. Flags win over the environment, the environment over /etc/ssmwake.conf, and
# that over the defaults.

version=0.1.0

# Every path hangs off one root, so that tests and `ssmwake try` can run without being root and leave no trace.
root=${SSMWAKE_ROOT-}
conf=$root/etc/ssmwake.conf
hook=$root/etc/ssmwake.on-ready
lib=$root/var/lib/ssmwake
run=$root/run/ssmwake
ssm=$root/var/lib/amazon/ssm
nl='
'

load_settings() {
	[ -e "$conf" ] || set -- /dev/null
	[ -r "${1-$conf}" ] || finish cannot-read "$conf: sudo chmod 644 $conf"
	# The file is read line by line and never sourced: a setting is data, even in a file that belongs to root.
	while IFS= read -r line || [ "$line" ]; do
		case $line in
		SSMWAKE_ROLE=* | SSMWAKE_TIMEOUT=* | SSMWAKE_POLL=* | SSMWAKE_POLL_HEALTHY=* | SSMWAKE_RESTART_AFTER=* | \
			SSMWAKE_INSTANCE_CONNECT=* | SSMWAKE_CARRIER=*)
			eval ": \"\${${line%%=*}=\${line#*=}}\""
			;;
		'#'*) ;;
		# Its first word only, as the rest may be a secret that somebody put there.
		?*) tell bad-setting "$conf: '${line%%[!A-Za-z_]*}' is not a setting" ;;
		esac
	done <"${1-$conf}"
	wanted=${SSMWAKE_ROLE-}
	is_role "${wanted:-any}" || finish bad-setting "SSMWAKE_ROLE: '$wanted' is not the name of a role"
	load_times TIMEOUT 10m
	timeout=$times
	load_times POLL 5s
	poll=$times
	load_times POLL_HEALTHY 20s
	poll_healthy=$times
	load_times RESTART_AFTER '10s 20s 40s 80s 160s 5m 10m'
	pauses=$times
	[ "${SSMWAKE_INSTANCE_CONNECT-yes}" != yes ] || connect=no-unit
}

is_role() {
	case $1 in
	*[!A-Za-z0-9_+=,.@-]*) return 1 ;;
	esac
	[ "$1" ] && [ ${#1} -le 64 ]
}

# Put into $times the setting SSMWAKE_$1, or the default $2, in seconds: a time or several.
load_times() {
	eval "list=\${SSMWAKE_$1-$2}"
	times=''
	set -f
	for word in ${list:-none}; do
		read_time "$word" || finish bad-setting "SSMWAKE_$1: '$word' is not a time such as 90, 90s or 10m"
		times="${times:+$times }$seconds"
	done
	set +f
}

# Put into $seconds the time $1, such as 90, 90s, 10m or 1h; fails where it is none, or longer than a day.
read_time() {
	seconds=${1%[smh]}
	case $seconds in
	'' | 0* | *[!0-9]* | ??????*) return 1 ;;
	esac
	case $1 in
	*m) seconds=$((seconds * 60)) ;;
	*h) seconds=$((seconds * 3600)) ;;
	esac
	[ "$seconds" -le 86400 ]
}

# Processes as /proc shows them, and locks. The names of processes are chosen by whoever runs them: they are compared,
# and never a pattern.

user=''

# Read about the process $1 its state, into $life, its $parent and, into $started, when it began, in hundredths of a
# second since the kernel did; fails if $2 is given and not its name. Names are cut at 15 characters, and both of the
# agent's have as many.
examine() {
	started=''
	read -r line 2>/dev/null <"/proc/${1:-none}/stat" || return
	case $line in
	"$1 (${2-}"*) ;;
	*) return 1 ;;
	esac
	# shellcheck disable=SC2086 # split at blanks: what follows the name starts with field 3
	set -- ${line##*") "}
	life=$1 parent=${2-} started=${20-}
}

# Put into $found a process called $1 that passes the test $2, and belongs to our own user, which is root, and to our
# own process namespace rather than to a container's: the lines Uid and NSpid of its status.
find_process() {
	user=${user:-$(id -u)}
	for word in /proc/[0-9]*; do
		found=${word#/proc/}
		examine "$found" "$1)" && "$2" &&
			[ "$(grep -c "^Uid:	$user	$user	\|^NSpid:.*	.*	" "$word/status")" = 1 ] && return
	done
	found=''
	return 1
}

# Put into $age for how many seconds a process has run that began at $1 hundredths, of which the last two digits are
# cut off as text: they outgrow 32 bits after 248 days. In a container /proc/uptime can be the container's own, while
# processes keep the kernel's time, so what counts is the age against a process that begins now.
find_age() {
	age=$1
	line=$(cat /proc/self/stat)
	# shellcheck disable=SC2086 # split at blanks
	set -- ${line##*") "}
	age=$((${20%??} - ${age%??}))
}

# Does the process live that the lock $1 names, by its number and by when it began? The number of a process that was
# killed belongs to another one some day.
is_held() {
	holder='' recorded=''
	read -r holder recorded 2>/dev/null <"$run/$1.lock"
	examine "${holder%%[!0-9]*}" && [ "$started" = "$recorded" ]
}

# Take the lock $1; fails where another process holds it. Where /run cannot be written there are no locks.
take_lock() {
	is_held "$1" && return 1
	lock=$run/$1.lock
	examine ${$}
	# -C: of two at the same time only one writes it.
	{ mkdir -p "$run" && rm -f "$lock" && (set -C && echo "${$} $started" >"$lock"); } 2>/dev/null
	[ -e "$lock" ] || tell cannot-write "$run cannot be written"
	! is_held "$1" || [ "$holder" = ${$} ]
}

# The SSM agent: which unit it is, and whether it is asleep, hibernating or online. `is-active` says active in all
# three.

agent_log=$root/var/log/amazon/ssm/amazon-ssm-agent.log
unit='' pid='' worker='' seen_online=-300 had_worker=-99 lost='' patience=10 age=0

# Leaves the properties of the unit $1 in $state, a line each; fails where there is no such unit, or no answer: then
# there is nothing in $state. No --value: systemd 219 has none.
show() {
	state=$(bounded 5 systemctl show -pLoadState,SubState,MainPID,UnitFileState,Job,ActiveEnterTimestampMonotonic "$1")
	case $state in
	'' | *not-found*) return 1 ;;
	esac
}

# Leaves $unit, $main (the number of its main process), and a word in $agent.
find_unit() {
	unit='' agent=not-installed main=0
	case $manager in
	'') agent=no-service-manager ;;
	systemd)
		# On Ubuntu a unit of the package and one of the snap can be there both, one of them left over.
		for word in snap.amazon-ssm-agent.amazon-ssm-agent.service amazon-ssm-agent.service; do
			show $word || [ "$state" ] || agent=unknown
			case $agent:$state in
			unknown:*) return ;;
			*not-found*) ;;
			not-installed:* | masked:* | disabled:* | *SubState=running*) unit=$word && read_state ;;
			esac
		done
		# snapd, which brings the agent, is busy with that for a while at the first boot.
		[ "$unit" ] || ! show snapd.seeded.service || case $state in
		*=start* | *Job=[1-9]*) agent=not-seeded ;;
		esac
		;;
	openrc)
		bounded 5 rc-service -e amazon-ssm-agent >/dev/null || return
		unit=amazon-ssm-agent agent=disabled
		for word in "$root/etc/runlevels"/*/amazon-ssm-agent; do
			[ ! -e "$word" ] || agent=stopped
		done
		[ ! -e "$root/run/openrc/started/$unit" ] || agent=down
		! find_process amazon-ssm-agen true || agent=running main=$found
		;;
	esac
}

read_state() {
	case $state in
	*SubState=running*) agent=running main=${state##*MainPID=} ;;
	*=masked*) agent=masked ;;
	*SubState=auto-restart* | *SubState=failed*) agent=down ;;
	*SubState=stop* | *SubState=final*) agent=stopping ;;
	# Its start waits for something.
	*Job=[1-9]*) agent=queued ;;
	*=disabled*) agent=disabled ;;
	# It has run in this boot: somebody has stopped it.
	*Monotonic=[1-9]*) agent=stopped ;;
	*) agent=not-started ;;
	esac
	main=${main%%[!0-9]*}
}

# Leaves one word in $agent. Costs no process while the agent and the worker that were seen last still run and are
# online.
look() {
	if ! examine "$pid" || [ "$started" != "$pid_start" ]; then
		pid='' worker='' had_worker=-99 lost=''
		find_unit
		[ "$agent" = running ] || return 0
		# The unit can run something else that runs the agent, such as a container, into which we do not look.
		# At first it is still systemd's own, which becomes that.
		examine "$main" && find_age "$started"
		agent=starting
		[ "$age" -lt 5 ] || agent=out-of-sight
		find_process amazon-ssm-agen is_main || return 0
		pid=$found pid_start=$started groups=$(cat "/proc/$pid/cgroup")
		# Agents of version 2 have no program for a worker.
		line=$(tr '\000' '\n' <"/proc/$pid/cmdline" | sed 1q)
		program=$root/usr/bin/ssm-agent-worker
		[ ! -e "${line%/*}/ssm-agent-worker" ] || program=${line%/*}/ssm-agent-worker
	fi
	if ! examine "$worker" || [ "$started" != "$worker_start" ]; then
		worker='' seen_online=-300
		! find_process ssm-agent-worke is_worker || worker=$found worker_start=$started lost=''
	fi
	if [ "$worker" ]; then
		had_worker=$now agent=starting
		# One that has ended stays a zombie until the agent looks, once a minute.
		[ "$life" = Z ] || judge "$worker" "$worker_start"
	elif [ ! -e "$program" ]; then
		judge "$pid" "$pid_start"
	else
		# Its first attempt takes a moment, and it starts another worker within a minute after one has ended.
		agent=asleep
		find_age "$pid_start"
		[ "$age" -ge 5 ] && [ $((now - had_worker)) -ge 90 ] || agent=starting
	fi
}

is_main() {
	[ "$found" = "$main" ] || [ "$parent" = "$main" ]
}

# A child of the agent. One whose agent was killed stays behind in the unit, and the next agent takes it over.
is_worker() {
	[ "$parent" = "$pid" ] || { [ "$parent:$root" = 1: ] && [ "$(cat "/proc/$found/cgroup")" = "$groups" ]; }
}

# Leaves in $line what the agent has logged last of the pattern $1, and in $logged when, in seconds since 1970.
read_log() {
	# The cause of an error is a line of its own, without a time.
	line=$(tail -c 65536 "$agent_log" 2>/dev/null | sed '$!N;s/\ncaused by/ caused by/;P;D' | grep -E "$1" | tail -n 1)
	logged=$(date -d "$(printf %.19s "${line:-none}")" +%s 2>/dev/null) || logged=0
}

# Judge whether the process $1, which began at $2, is online. One that Systems Manager refused keeps that connection
# for 90 s, and makes one at each of its rare tries; it writes a log just then, at least every three hours, and when it
# comes back by itself, it logs that its channel is open.
judge() {
	agent=online
	[ $((now - seen_online)) -ge 300 ] || return 0
	find_age "$2"
	read_connections "$1" 01
	read_log 'control channel succ'
	value=$(date -r "${agent_log%/*}/hibernate.log" +%s 2>/dev/null) || value=0
	refused=$(($(date +%s) - value))
	if [ "$logged" -le "$value" ] && [ $refused -lt 14400 ] && [ $refused -le $((age + 1)) ]; then
		agent=hibernating
	elif [ -z "$connected" ]; then
		# It reconnects by itself, and needs a second at its start. Version 2 without a role makes no connection at all.
		lost=${lost:-$now} agent=connecting
		[ $((now - lost)) -lt "$patience" ] || agent=hibernating
		[ $((now - lost)) -lt 3 ] || [ "$1" != "$pid" ] || agent=asleep
	elif [ "$age" -lt 3 ]; then
		# A refusal comes within a moment.
		agent=connecting
	else
		lost='' seen_online=$now
	fi
}

# Leaves in $connected a connection of the process $1 in the state $2, other than to IMDS. From /proc, as `ss` is not in
# every image. The watcher may not see which sockets are its own (that takes CAP_SYS_PTRACE, which allows writing its
# memory too): then $list is empty, and what counts is everything of root.
read_connections() {
	# The names of its other files can be anything; GNU ls would quote them as the environment wants it.
	# shellcheck disable=SC2012 # from every line only a number is taken
	list=$(QUOTING_STYLE=literal ls -l "/proc/$1/fd" 2>/dev/null |
		sed -n '/ -> /{s/.* -> socket:.\([0-9]*\).$/\1/;s/.* .*/none/;p;}' | tr '\n' '|')
	owner=${list:+[0-9]+}
	# A row is: number, local and remote address, state (01 established, 02 without an answer yet), three more, user,
	# timeout, socket.
	connected=$(sed -nE "/ (FEA9FEA9|0{16}FFFF0000FEA9FEA9|C20E00FD0{16}54020000):.{4} $2 /d
        /^ *[0-9]+: [^ ]+ [^ ]+ $2( +[^ ]+){3} +${owner:-$user} +[0-9]+ (${list:-[0-9]+|}none) /{p;q;}" \
		"/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null)
}

# Where the agent has its credentials from: $agent_source is EC2 (the role), SSM (Default Host Management), OnPrem (a
# hybrid activation, which never uses the role) or nothing.
read_identity() {
	line=$(cat "$ssm/runtimeconfig/identity_config.json" 2>/dev/null)
	field "$line" IdentityType
	[ "$value" = OnPrem ] || field "$line" CredentialSource
	agent_source=$value
}

# What a reason means: a sentence, and what to do next. Both are for people; programs read the reason.

# Leaves the sentence in $sentence, and in $todo a command that can be pasted, or what to do where no command helps.
explain() {
	todo='' sentence="the agent is ${reason#agent-}"
	case $reason in
	ready) sentence="the agent is online; the role is $role" todo=nothing ;;
	agent-online) todo=nothing ;;
	no-role) sentence='IMDS shows no role yet' todo='attach an instance profile that has a role' ;;
	other-role) sentence="the role is $role, not $wanted" todo="attach $wanted, or change SSMWAKE_ROLE in $conf" ;;
	creds-AssumeRoleUnauthorizedAccess)
		sentence="EC2 may not assume role $role" todo='allow ec2.amazonaws.com in its trust policy'
		;;
	creds-[A-Z]*) sentence="IMDS has no credentials for role $role: ${reason#creds-}" ;;
	imds-disabled) sentence='IMDS is switched off' todo='enable the HTTP endpoint in the metadata options' ;;
	imds-unreachable)
		sentence='IMDS does not answer'
		todo='open the way to 169.254.169.254 (routes, firewall, hop limit)'
		;;
	creds-* | imds-* | no-imdsv2 | token-* | role-* | *-body) sentence="IMDS does not answer as it should ($reason)" ;;
	agent-not-installed) sentence='there is no agent' todo='install amazon-ssm-agent' ;;
	agent-unknown) sentence="$manager does not answer" ;;
	agent-masked) todo="sudo systemctl unmask $unit; sudo systemctl restart $unit" ;;
	agent-disabled) todo="sudo systemctl enable --now $unit" ;;
	agent-stopped) sentence='somebody has stopped the agent' todo="sudo systemctl start $unit" ;;
	agent-out-of-sight) todo="sudo systemctl restart $unit" ;;
	agent-not-*) sentence="the agent is not ${reason#agent-not-} yet" ;;
	agent-no-service-manager) sentence='there is neither systemd nor OpenRC' todo='restart the agent by hand' ;;
	esac
}

# Why the agent is not online although the role is there, as its own log has it.

cause='' error=''

# Leaves in $cause `refused`, `unreachable` or nothing; in $error the file and what the agent has logged there last
# about it, with its time, in one line without keys, tokens and passwords in URLs; and a sentence and what to do in
# $sentence, $todo.
explain_cause() {
	cause='' error=''
	read_log 'Successfully|produced aws|caused by: Post|s\. Err|hibernate - |Fingerprint'
	case $line in
	# It has written nothing yet, or what it met is over.
	'' | *Success* | *'no EC2 instance role'*)
		# What drops packets says nothing, and each of its tries takes 30 s.
		read_connections "${pid:-none}" 02
		[ "$list" ] && [ "$connected" ] && cause=unreachable sentence='the agent cannot reach Systems Manager' \
			todo='open the way to ssm and ssmmessages, port 443 (DNS, routes, firewall, proxy)'
		return
		;;
	esac
	error="$agent_log: $(printf %s "$line" |
		sed -E 's/A[KS]IA[A-Z0-9]{8,}|[A-Za-z0-9+/=]{60,}/REMOVED/g
            s#://[^ "]*@#://#g
            s/ [A-Z]+ .*(rror:|ate -|caused by:) / /
            s/(.{300}).*/\1/')"
	cause=refused sentence='Systems Manager refuses the agent'
	case $error in
	*' Post '*)
		cause=unreachable value=${error#*://}
		value=${value%%[/\"]*}
		case $error in
		*proxyconnect*) value="its proxy ${error##*dial tcp }" ;;
		esac
		sentence="the agent cannot reach ${value%%: *}: ${error##*: }"
		todo='open the way to ssm and ssmmessages, port 443 (DNS, routes, firewall, proxy)'
		;;
	*Fingerprint*) todo="sudo amazon-ssm-agent -register -clear; sudo systemctl restart $unit" ;;
	*'ignature exp'*) todo='set the clock' ;;
	*' to perform: '*)
		value=${error##* to perform: }
		todo="let role $role do ${value%% *}"
		;;
	*) todo="let role $role do what AmazonSSMManagedInstanceCore allows" ;;
	esac
}

# Say why a restart did not help, or would not.
tell_cause() {
	[ "$woken" != 0 ] || [ "$agent_source" = OnPrem ] || return 0
	[ $((now - woken)) -ge 3 ] || return 0
	explain_cause
	[ -z "$cause" ] || tell $cause "$sentence; $todo; $error"
}

# When the agent tries again by itself, in minutes after its start, as its source has it. The doctor has the same
# numbers, and a test compares them.

# After a role that is missing or refused, for the k-th time between 25k and 30k.
refused_from=25 refused_to=30
# After any other error, and while it hibernates; then every hour.
backoff_tries='5 15 25 35 55 75 95 135 175 215' backoff_last=60

# Leaves the window in $retry.
describe_retry() {
	age=$((age / 60)) from=0 to=$backoff_last
	for word in $backoff_tries; do
		[ "$word" -le $age ] || [ $to != $backoff_last ] || to=$((word - age))
	done
	# The first three times that it goes to sleep, its log says for how long.
	read_log 'Core Agent|Sleeping for '
	value=${line##*'Sleeping for '}
	value=${value%%m*}
	case $value in
	'' | *[!0-9]*) value='' ;;
	*) value=$((value - ($(date +%s) - logged) / 60)) ;;
	esac
	case $agent:$value:$error in
	asleep:[0-9]*) from=$value to=$((value + 1)) ;;
	asleep:*AccessDenied* | asleep:*:)
		# It can be told to sleep for less.
		limit=$(grep -o 'RetryMaxSleepSeconds[": ]*[0-9]*' "$root/etc/amazon/ssm/amazon-ssm-agent.json" | tr -dc 0-9)
		[ -z "$limit" ] || refused_from=0 refused_to=$((limit / 60))
		value=$((age / refused_to + 1))
		from=$((value * refused_from - age)) to=$((value * refused_to - age))
		;;
	asleep:* | hibernating:*) ;;
	*) return ;;
	esac
	retry="$((from > 0 ? from : 0)) to $to min"
} 2>/dev/null

# Time since boot, which costs no process and does not step when NTP sets the clock; and limits of time, without the
# program `timeout`, which not every image has.

now() {
	# A chroot in which an image is built may have no /proc.
	read -r now _ 2>/dev/null </proc/uptime || now=$(date +%s)
	now=${now%.*}
}

# Run a command for $1 seconds at most, and not beyond the deadline: a manager that hangs must not take us with it.
bounded() {
	now
	limit=$((deadline - now < $1 ? deadline - now : $1))
	shift
	"$@" &
	command=$!
	# It looks each second whether it is still needed, also when nobody ends it: by the end of the limit the number of
	# the command may be another process's. Whoever reads the output of the command must not wait for it.
	(
		examine "$command"
		began=$started
		while sleep 1 && examine "$command" && [ "$started" = "$began" ]; do
			limit=$((limit - 1))
			[ "$limit" -gt 0 ] || kill -KILL "$command"
		done
	) >/dev/null &
	guard=$!
	wait "$command"
	set -- $?
	# A gentler signal is lost while the guard is being forked, if we have a trap for it.
	kill -KILL "$guard" && wait "$guard"
	return "$1"
} 2>/dev/null

# IMDSv2: the session token, the role, its credentials. Never IMDSv1: an instance may require tokens, and none forbids
# them.

# GET $1, and $2 if there is one, with the token, which lives in this variable only; a 401 means that it is gone, so
# once more with a new one. Its six hours end early here.
get() {
	for _ in 1 2; do
		if [ -z "$token" ] || [ $((now - token_since)) -gt 21000 ]; then
			token=''
			request 'X-aws-ec2-metadata-token-ttl-seconds: 21600' PUT api/token
			case $reason in
			imds-forbidden) reason='imds-disabled' ;;
			imds-http-40[45]) reason='no-imdsv2' ;;
			imds-http-400) reason='token-rejected' ;;
			esac
			[ ${#body} -le 1024 ] || body=''
			case $reason$body in
			'' | *[!A-Za-z0-9_=+/.-]*) reason=${reason:-token-garbled} ;;
			esac
			[ -z "$reason" ] || return
			token=$body token_since=$now
		fi
		request "X-aws-ec2-metadata-token: $token" GET "$@"
		[ "$reason" = imds-http-401 ] || return 0
		token='' reason='token-refused'
	done
}

# Put into $value what the JSON object $1 holds under the key $2. The document is split at its quotes: linear, where
# cutting it with `${1#*key}` is quadratic. Neither names nor values of IMDS hold escapes.
field() {
	value='' state=''
	set -f
	IFS='"'
	for word in $1; do
		case $state:$word in
		:"$2") state=1 ;;
		1:*[![:space:]:]*) state='' ;;
		1:*:*) state=2 ;;
		2:*) value=$word state=3 ;;
		# What no quote ends was cut off.
		3:*) state=4 ;;
		esac
	done
	unset IFS
	set +f
	[ "$state" = 4 ] || value=''
}

# Look once: is the role there, and are its credentials good? Leaves $reason (ready when they are) and $id.
poll_imds() {
	polls=$((polls + 1))
	verdict=''
	get meta-data/iam/info meta-data/iam/security-credentials/
	case $reason in
	'') read_role ;;
	imds-http-404) reason=no-role ;;
	# The other address, next time: a host without IPv4 for IMDS has it at the second one.
	imds-unreachable)
		set -- "$endpoint"
		endpoint=$other other=$1
		;;
	esac
}

# The name in the list proves little: IMDS can serve a document that says why there are no credentials.
read_role() {
	reason='role-list-garbled'
	body=${body%%"$nl"*}
	case $body in
	'' | *[!A-Za-z0-9_+=,.@-]*) return ;;
	esac
	role=$body
	field "$info" InstanceProfileId
	case $value in
	*[!A-Z0-9]*) value='' ;;
	esac
	profile=$value id=$value/$role
	reason='other-role'
	[ "${wanted:-$role}" = "$role" ] || return
	reason=ready
	same "$announced" && [ -z "$expired" ] && [ "$mode" != status ] && return
	get "meta-data/iam/security-credentials/$role"
	[ -z "$reason" ] || return
	field "$body" Code
	case $value in
	Success) ;;
	*[!A-Za-z]* | '') reason='creds-garbled' value='' ;;
	*) reason=creds-$value ;;
	esac
	verdict=$value
	for key in AccessKeyId SecretAccessKey Token Expiration; do
		field "$body" $key
		[ "$value" ] || reason=${reason:-creds-missing-$key}
	done
	[ -z "$reason" ] || return
	reason=ready expired='' expires=$value
	# Old credentials are served on purpose in an outage, and the clock of a first boot may be wrong: a warning only.
	expr "$expires" \< "$(date -u +%FT%TZ)" >/dev/null && expired=yes
}

# Is $1 the identity that IMDS shows? AccessKeyId rotates every hour, so it is none. A profile that a busy IMDS did not
# tell is not another profile.
same() {
	[ "${1#*/}" = "$role" ] || return
	[ -z "$profile" ] || [ -z "${1%%/*}" ] || [ "${1%%/*}" = "$profile" ]
}

# One request to IMDS, by curl, python3 or bash: whichever the image has. One process for all paths of a request.
#
# The session token travels on standard input, never in argv. Proxies and .curlrc are for the world outside, not for a
# link-local address. Bodies are cut at 8 KiB: real ones have 2, and cutting strings in sh takes time that grows with
# the square of their length.

find_client() {
	# yash keeps the variable of a loop to the function, so none is used after its loop.
	for word in curl python3 bash; do
		client=$word
		command -v "$word" && return
	done >/dev/null 2>&1
	client=''
	finish no-http-client 'install curl, python3 or bash'
}

# $1 a header, $2 the method, then one path or two. Leaves the body of the first reply in $info, that of the last in
# $body, its status in $http, and in $reason why it is not a good answer.
request() {
	value=$1 verb=$2 limit=$((deadline - now < 2 ? 1 : 2))
	shift 2
	pieces=$(($# * 2))
	case $client in
	# -q must come first, or .curlrc is read. --limit-rate keeps a reply small until -m ends it.
	curl)
		value="header = \"$value\""
		set -- curl -qsgK - --noproxy '*' -m $limit --limit-rate 8k -w '~%{http_code}~' -X "$verb" \
			"$endpoint/latest/$1" ${2:+"$endpoint/latest/$2"}
		;;
	bash) set -- timeout 3 bash -c "$bash_client" "${endpoint#*//}" "$@" ;;
	*) set -- python3 -ISc "$python_client" "${endpoint#*//}" "$@" ;;
	esac
	[ "$client" = curl ] || value="$limit $verb $value"
	# bash has a word to say about each zero byte. The status is that of the client, which knows whether it got all.
	{ reply=$(echo "$value" | "$@"); } 2>/dev/null
	value=$? info='' reason=''
	# Split at the marks: linear, where `${reply%%~*}` is quadratic in bash and mksh.
	set -f
	IFS='~'
	# shellcheck disable=SC2086 # this is the splitting
	set -- $reply
	unset IFS
	set +f
	# No good answer holds a `~`.
	[ $# -le $pieces ] || set -- '~' 200
	[ $# -lt 3 ] || { info=$1 && shift 2; }
	body=${1-} http=${2:-${reply:+none}}
	case $http:$value in
	200:0) ;;
	429:* | 5??:*) reason='imds-busy' ;;
	403:*) reason='imds-forbidden' ;;
	[13-4]??:*) reason=imds-http-$http ;;
	:* | 000:*) reason='imds-unreachable' http=0 ;;
	*) reason='partial-body' http=200 ;;
	esac
	[ ${#body} -le 8192 ] || reason='oversize-body'
}

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

# The commands and their options, as --help prints them; anything else is refused.

# Leaves in $usage the options of the command $1 and what it does; fails for anything that is not a command.
describe() {
	usage='[--role NAME] [--poll TIME] [--endpoint URL]'
	case $1 in
	status) usage='[--role NAME] [--endpoint URL] [--json]: say whether the agent is online, and what to do if not' ;;
	run) usage="$usage [--timeout TIME] [--restart] [--json]: wake the agent, and check until it is online" ;;
	wait) usage="$usage [--timeout TIME] [--json]: wait for the role only; needs no root" ;;
	watch) usage="$usage: wake the agent whenever a role arrives; the service does this" ;;
	install) usage='[--role NAME] [--poll TIME] [--timeout TIME] [--no-start]: install this script and its service' ;;
	uninstall) usage='[--help]: remove script, service, settings and state' ;;
	on-ready) usage=": run $hook; the service does this" ;;
	*) return 1 ;;
	esac
}

# Print the help of the commands in the arguments.
print_help() {
	for word; do
		describe "$word"
		echo "ssmwake $word $usage"
	done
	echo "TIME is 90, 90s, 10m or 1h. By default --timeout is 10m, --poll 5s, and --role any role.
--restart restarts an agent that is online; --no-start is for images."
	exit
}

# Put the runtime and its units in place, or take them away. Both can be repeated, run twice at once, and be killed at
# any moment.

units=$root/etc/systemd/system
home=$root/usr/local/sbin/ssmwake
rc_script=$root/etc/init.d/ssmwake
# What cloud-init runs at each boot: user data leaves itself there, so that a power cut only delays the installation.
retry_at_boot=$root/var/lib/cloud/scripts/per-boot/ssmwake

install() {
	[ "$self" ] || finish cannot-read 'save the script first, then: sudo sh FILE install'
	# In a chroot no service manager runs; its files say which one will.
	[ -z "$no_start" ] || [ ! -e "$root/lib/systemd/systemd" ] || manager=systemd
	[ "$manager" ] || finish no-service-manager 'there is neither systemd nor OpenRC'
	before=$(sed -n '/^[Dd]escription/s/.*(ssmwake \(.*\)).*/\1/p' "$units/ssmwake.service" "$rc_script" 2>/dev/null)
	changed='' target=$home line=$(cat "$self")
	# /usr can be read-only; a script that sh is given needs no execute permission, so noexec does not matter.
	try_to_write "$target" "$line" 755 || {
		target=$lib/ssmwake
		write "$target" "$line" 700
	}
	# What was asked for here is what the watcher is to do: in the settings, the first line of a name wins.
	line=$(cat "$conf" 2>/dev/null)
	case $line$nl in
	"$given"*) ;;
	*) line=$given$line ;;
	esac
	# No secret is in it, and a service user may run `ssmwake wait`.
	[ -z "$line" ] || write "$conf" "${line%"$nl"}"
	case $manager in
	systemd) write_units ;;
	openrc)
		write "$rc_script" "#!/sbin/openrc-run
description='Wake the SSM agent when the IAM role arrives (ssmwake $version)'
supervisor=supervise-daemon
command=/bin/sh
command_args='$target watch'" 755
		;;
	esac
	start_watcher || finish restart-failed 'look at: systemctl status ssmwake'
	rm -f "$retry_at_boot"
	line="version $version"
	case $before:$changed in
	:*) action=installed ;;
	"$version:") action=unchanged ;;
	"$version":*) action=updated ;;
	*) action=updated line="from $before to $version" ;;
	esac
	told=''
	tell $action "$line"
	finish installed
}

# A start leaves a watcher alone that runs already.
start_watcher() {
	verb=start
	[ -z "$changed" ] || verb=restart
	case $manager in
	systemd)
		bounded 60 systemctl enable ssmwake
		# That has made systemd read its units again; while /run is full it refuses to, and can start ours even so.
		[ "$no_start" ] || control $verb ssmwake
		;;
	*)
		bounded 60 rc-update add ssmwake default
		[ "$no_start" ] || bounded 60 rc-service ssmwake $verb
		;;
	esac
} >/dev/null 2>&1

write() {
	try_to_write "$@" || finish cannot-write "$1"
}

# Write the text $2 to the file $1, with the mode $3 or 644: whole or not at all. A file that is right already is left
# alone.
try_to_write() {
	[ "$(cat "$1")" = "$2" ] && chmod "${3:-644}" "$1" && return
	# A unit that somebody masked is a link to a device, and stays masked; into a folder mv would move the file.
	[ ! -d "$1" ] && [ ! -c "$1" ] && (umask 022 && mkdir -p "${1%/*}") &&
		printf '%s\n' "$2" >"$1.${$}" && chmod "${3:-644}" "$1.${$}" && mv -f "$1.${$}" "$1" && changed=yes
} 2>/dev/null

# Confined to what it does: ask IMDS, look at /proc, tell systemd to restart. Older systemd ignores the directives and
# the groups of system calls that it does not know: a list of what is allowed would then allow nothing. It has no
# Type=exec.
write_units() {
	write "$units/ssmwake.service" "[Unit]
Description=Wake the SSM agent when the IAM role arrives (ssmwake $version)
Documentation=file:$target
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh $target watch
Restart=always
RestartSec=15
RestartPreventExitStatus=64 78
SuccessExitStatus=143
SyslogIdentifier=ssmwake
StandardError=journal+console
RuntimeDirectory=ssmwake
RuntimeDirectoryPreserve=yes
TasksMax=32
MemoryMax=64M
CapabilityBoundingSet=
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=~@debug @keyring @obsolete
IPAddressDeny=any
IPAddressAllow=169.254.169.254 fd00:ec2::254
[Install]
WantedBy=multi-user.target"
	write "$units/ssmwake-ready.target" "[Unit]
Description=The IAM role is there
Wants=ssmwake-on-ready.service"
	write "$units/ssmwake-on-ready.service" "[Unit]
Description=Run /etc/ssmwake.on-ready (ssmwake $version)
[Service]
ExecStart=/bin/sh $target on-ready
SyslogIdentifier=ssmwake
StandardError=journal+console"
}

uninstall() {
	action=uninstalled
	case $manager in
	systemd) bounded 60 systemctl disable --now ssmwake ssmwake-ready.target ;;
	openrc)
		bounded 60 rc-service ssmwake stop
		bounded 60 rc-update del ssmwake
		;;
	esac >/dev/null 2>&1
	# A folder of that name in place of a file is somebody else's.
	{ rm -rf "$lib" "$run" && rm -f "$units/ssmwake.service" "$units/ssmwake-ready.target" \
		"$units/ssmwake-on-ready.service" "$rc_script" "$retry_at_boot" "$home" "$conf" "$hook"; } ||
		finish cannot-write "$home"
	bounded 60 systemctl daemon-reload >/dev/null 2>&1
	finish uninstalled
}

# The command line. A plain sh runs it: no `local`, no arrays, no `set -e` (each status is looked at where it matters).

# A trace would show the session token. A variable that the caller exports would stay exported under its name, and so
# each process that is started would see in its environment what IMDS answers.
set -u +x
unset -v token line reply info body value word state list
umask 077
LC_ALL=C
export LC_ALL
unset IFS

main() {
	# With its port, which the client in bash wants to have; and its address on a host without IPv4.
	endpoint=http://169.254.169.254:80 other='http://[fd00:ec2::254]:80'
	mode=${1---help} start=0 deadline=999999999
	polls=0 http=0 woken=0 due=0 token_since=0 refusals=0 calm=0 gap=60 healthy=0 action=none connect=off agent=unknown
	# The rest is empty.
	read -r reason role profile id client json told lock sleeper token applied announced candidate force given expired \
		expires verdict agent_source retry no_start self manager target watcher on_ready </dev/null
	now
	start=$now
	trap 'on_signal 129' HUP
	trap 'on_signal 130' INT
	trap 'on_signal 143' TERM
	[ $# = 0 ] || shift
	find_self
	read_options "$@"
	load_settings
	! command -v rc-service >/dev/null 2>&1 || manager=openrc
	[ ! -d "$root/run/systemd/system" ] || manager=systemd
	[ "$root" ] || [ "$mode" = wait ] || [ "$(id -u)" = 0 ] || finish need-root "it needs root: $(command_line "$mode")"
	case $mode in
	on-ready) on_ready ;;
	install | uninstall) $mode ;;
	esac
	find_client
	[ "$mode" != status ] || status
	loop
}

read_options() {
	case $mode in
	-h | --help) print_help status run wait watch install uninstall ;;
	--version)
		echo "ssmwake $version"
		exit
		;;
	esac
	describe "$mode" || refuse "$mode is not a command"
	while [ $# -gt 0 ]; do
		case $1:$usage in
		-h:* | --help:*) print_help "$mode" ;;
		--*"[$1]"*) ;;
		--*"[$1 "*)
			[ $# -gt 1 ] || refuse "$1 needs a value"
			read_value "$1" "$2"
			shift
			;;
		*) refuse "$1 is not an option of $mode" ;;
		esac
		case $1 in
		--json) json=yes ;;
		--restart) force=yes ;;
		--no-start) no_start=yes ;;
		esac
		shift
	done
}

# The option $1 has the value $2.
read_value() {
	case $1 in
	--endpoint)
		case $2 in
		*[!A-Za-z0-9:/.[\]-]* | *[!0-9]) ;;
		http://*:*) endpoint=$2 other=$2 ;;
		esac
		[ "$endpoint" = "$2" ] || refuse "$1: '$2' is not a URL such as http://169.254.169.254:80"
		return
		;;
	--role) is_role "$2" || refuse "$1: '$2' is not the name of a role" ;;
	*) read_time "$2" || refuse "$1: '$2' is not a time such as 90, 90s or 10m" ;;
	esac
	# BusyBox can be built without classes of characters.
	# shellcheck disable=SC2018,SC2019 # the options are ASCII
	line=SSMWAKE_$(echo "${1#--}" | tr a-z A-Z)
	eval "$line=\$2"
	given=$given$line=$2$nl
}

# Say what is wrong with the command line, and end.
refuse() {
	print_line "$1; see --help"
	finish usage
}

on_signal() {
	[ -z "$sleeper" ] || { kill "$sleeper" && wait "$sleeper"; } 2>/dev/null
	code=$1
	finish signal
}

# Sentences go to standard error, and only when something changed; standard output has one line of JSON, at the end.

# Say once that something changed, until something else does: `ssmwake: TIME WORD: sentence`. docs/runtime.md lists the
# words, and programs read the line back from the journal and the console.
tell() {
	[ "$1: $2" = "$told" ] || print_line "$(date -u +%Y-%m-%dT%H:%M:%SZ) $1: $2"
	told="$1: $2"
}

# What comes from IMDS or a file may hold anything, and a terminal takes control characters for commands.
print_line() {
	{
		printf 'ssmwake: %.400s' "$1" | tr -dc ' -~'
		echo
	} >&2 2>/dev/null
}

# End because of $1, with the sentence $2 about it. The status says who can help. 64: the caller; 69: nobody, this
# machine cannot; 71: the agent did not come up; 73: the file system; 75: time; 77: root; 78: whoever owns the
# configuration.
finish() {
	trap - HUP INT TERM
	reason=$1
	[ -z "$lock" ] || rm -f "$lock"
	[ -z "${2-}" ] || tell "$1" "$2"
	case $1:$mode in
	signal:*) ;;
	ready:* | installed:* | uninstalled:* | already-running:* | agent-online:* | agent-not-seeded:*) code=0 ;;
	agent-not-installed:run | agent-masked:run | agent-disabled:run | agent-stopped:run) code=0 ;;
	usage:*) code=64 ;;
	imds-disabled:* | no-[!r]* | agent-no-service-manager:*) code=69 ;;
	cannot-*) code=73 ;;
	need-root:*) code=77 ;;
	creds-[A-Z]* | agent-masked:* | bad-setting:*) code=78 ;;
	restart-* | agent-[!u]* | agent-unk* | on-ready-failed:*) code=71 ;;
	*) code=75 ;;
	esac
	now
	if [ "$watcher" ] && [ -z "$json" ]; then
		print_status
	else
		print_report
	fi 2>/dev/null
	exit "$code"
}

print_report() {
	ok=false
	[ "$code" != 0 ] || ok=true
	report="\"v\":1,\"version\":\"$version\",\"ok\":$ok,\"exit\":$code"
	for key in reason role profile action unit agent cause error client; do
		eval "add $key \"\${$key}\""
	done
	add instance_connect "$connect"
	report="$report,\"waited_s\":$((now - start)),\"polls\":$polls,\"http\":$http"
	[ -z "$watcher" ] || add_status
	[ -z "$expired" ] || report="$report,\"expired\":true"
	printf '%s\n' "{$report}"
}

# Add the text $2 to the report under the key $1, as JSON spells it; without control characters.
add() {
	value=$2
	case $value in
	*[\"\\]* | *[!\ -~]*) value=$(printf %s "$value" | tr -dc ' -~' | sed 's/["\\]/\\&/g') ;;
	esac
	report="$report,\"$1\":\"$value\""
}

# Waking the agent: the quick way for one that sleeps, the orderly way for any other; never more often than the ladder
# says.

control() {
	bounded 20 systemctl --no-block "$@" >/dev/null
}

wake() {
	# `run` and the watcher share a file that says when the agent was restarted: a second restart within seconds costs
	# it another ten.
	value=0
	read -r value 2>/dev/null <"$run/restarted"
	if [ "$value" -gt "$woken" ] && [ $((now - value)) -lt 15 ]; then
		woken=$value
		return 1
	fi 2>/dev/null
	# What was seen may be over: it takes a sleeping agent 7 s to stop, and a restart would undo what an administrator
	# does in that time.
	if [ "$manager" = systemd ] && show "$unit"; then
		seen=$agent
		read_state
		case $state:$agent in
		# It could not be started again.
		*=masked*) agent=masked && return 1 ;;
		*:running | *:"$seen") agent=$seen ;;
		*) return 1 ;;
		esac
	fi
	told='' woken=$now healthy=0 action=restarted
	(echo "$now" >"$run/restarted") 2>/dev/null
	tell restarting "$unit, which is $agent"
	# A sleeping agent takes 7 s to stop and has nothing to lose; but a document in flight means that it is not asleep.
	set -- "$ssm"/*/document/state/current/*
	# We may be the agent's grandchild: the reply must go out before the agent ends, or the command never does.
	if [ "${AWS_SSM_INSTANCE_ID-}" ] && [ "$manager" = systemd ]; then
		action=scheduled
		bounded 20 systemd-run sh -c "sleep 5; systemctl restart $unit"
	elif [ "$manager" = openrc ]; then
		bounded 60 rc-service "$unit" restart
	else
		# Only the main process itself is killed, if it still runs, and nothing else that it may have become.
		[ "$agent:$pid" != "asleep:$main" ] || [ ! -e "$program" ] || [ -e "$1" ] || ! examine "$pid" ||
			[ "$started" != "$pid_start" ] || kill -KILL "$pid"
		# Five starts within ten seconds, and systemd refuses to start it again until that is reset.
		[ "$agent" != down ] || control reset-failed "$unit"
		control restart "$unit"
	fi >/dev/null 2>&1 || action=restart-failed
	pid='' agent=starting
	# If this does not bring it online: the ladder's next pause, a little more for some in a fleet; its last one
	# repeats. IAM needs time to be consistent, and an agent that meets AccessDenied sleeps for another 25 minutes.
	value=${ladder%% *}
	ladder=${ladder#"$value" }
	due=$((now + value + ${$} % (value / 20 + 1)))
	[ "$action" != restart-failed ]
}

# The unit that harvested host keys has had two names and is gone since 1.1.19. It never was what serves the role.
find_instance_connect() {
	case $manager:$connect in
	*:off | openrc:* | :*) return ;;
	esac
	connect=no-unit
	for word in ec2-instance-connect ec2-instance-connect-harvest-hostkeys; do
		! show $word.service || case $state in
		# Whoever disabled or masked it does not want it to be started.
		*=disabled* | *=masked*) ;;
		*) connect=$word ;;
		esac
	done
	[ "$connect" = no-unit ] || [ "$mode" = status ] || control restart $connect.service
}

# The loop of wait, run and watch: look at IMDS, look at the agent, act, pause.

loop() {
	since=$start ladder=$pauses
	[ "$mode" = watch ] || deadline=$((start + timeout))
	[ "$mode" = wait ] || take_lock "$mode" || finish already-running
	# In /run: after a reboot the agent has started anew, and its own state decides.
	[ "$mode" != watch ] || read -r applied announced 2>/dev/null <"$run/state"
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
		now
		[ "$now" -lt "$deadline" ] || give_up
		choose_pause
		# In the background, so that a signal ends the pause at once and not when it is over.
		sleep $((deadline - now < pause ? deadline - now : pause)) &
		sleeper=$!
		wait $sleeper
		sleeper=''
	done
}

# Often while somebody may be waiting, seldom while all is well. No fleet can press on AWS this way: link-local only.
choose_pause() {
	pause=$poll
	if [ "$refusals" -gt 60 ]; then
		pause=60
	elif [ "$healthy" = 1 ]; then
		pause=$poll_healthy
	elif [ $((now - since)) -lt 60 ]; then
		pause=1
	elif [ $((now - since)) -lt 600 ] && [ "$poll" -gt 2 ]; then
		pause=2
	fi
}

# Nothing that IMDS says or fails to say is a reason to restart. A role that goes away and comes back is the same role.
not_ready() {
	explain
	[ "$mode" = watch ] || sentence="$sentence; waits for up to $timeout s"
	tell waiting "$sentence ($reason)"
	case $reason in
	imds-disabled | no-imdsv2)
		refusals=$((refusals + 1))
		[ "$refusals" -lt 3 ] || [ "$mode" = watch ] || give_up
		return
		;;
	no-role)
		[ -z "$role" ] || since=$now
		candidate='' healthy=0 role='' profile='' due=0 ladder=$pauses
		# The agent can live without it.
		if [ "$mode:$wanted" = run: ]; then
			look
			read_identity
			case $agent:$agent_source in
			online:SSM | online:OnPrem) finish agent-online ;;
			esac
		fi
		;;
	esac
	refusals=0
}

give_up() {
	case $reason:$agent in
	ready:down | ready:not-started) reason='restart-failed' ;;
	ready:stopping) reason='restart-hang' ;;
	ready:not-seeded | ready:unknown | ready:masked) reason=agent-$agent ;;
	ready:*) reason='agent-unregistered' ;;
	esac
	finish "$reason"
}

# The role is there: does the agent know?
tend() {
	look
	same "$applied" || meet_role || return
	case $agent in
	online)
		[ "$healthy" = 1 ] || tell online "the agent is online; the role is $role"
		healthy=1 patience=60
		[ $((now - woken)) -lt 600 ] || ladder=$pauses
		[ "$mode" != run ] || finish ready
		;;
	asleep | hibernating | down | not-started)
		healthy=0
		read_identity
		tell_cause
		case $agent_source:$agent in
		# It would not use the role.
		OnPrem:asleep | OnPrem:hibernating) ;;
		*) [ "$now" -lt "$due" ] || wake ;;
		esac
		;;
	queued)
		# Its start waits for something such as the end of cloud-final; the role will be there then.
		if [ $((now - woken)) -ge 5 ]; then
			action=queued
			[ "$mode" != run ] || finish ready
		fi
		;;
	stopped | not-installed | masked | disabled | no-service-manager | out-of-sight)
		# Right after a restart it is between its end and its start.
		if [ $((now - woken)) -ge 5 ] || [ "$woken" = 0 ]; then
			reason=agent-$agent
			explain
			tell skipped "$sentence${todo:+; $todo}"
			reason=ready healthy=1 action=skipped:$agent
			[ "$mode" != run ] || finish agent-$agent
		fi
		;;
	*) healthy=0 ;;
	esac
	[ "$action:$mode" != scheduled:run ] || finish ready
}

# The role is another one than the agent was started with, or nobody knows: then the agent's own state decides.
meet_role() {
	read_identity
	case $force${applied:+known}:$agent:$agent_source in
	# It would not use the role, even if it was restarted: a hybrid activation never does, and one with Default Host
	# Management changes over by itself when those credentials end.
	*:OnPrem | known:online:SSM | :*) ;;
	*:online:* | *:connecting:* | *:hibernating:*)
		# Half a change may be all of it, or IMDS shows it in pieces: look once more.
		case $candidate:$applied in
		"$id":*) ;;
		*:"$profile"/* | *:*/"$role")
			candidate=$id since=$now healthy=0
			return 1
			;;
		esac
		# Each restart is an outage of 8 s: a role that flaps has to wait, three times as long each time.
		if [ "$now" -lt "$calm" ]; then
			tell holding 'the role changes too often to restart the agent now'
			return 1
		fi
		[ $((now - calm)) -lt 3600 ] || gap=60
		calm=$((now + gap)) gap=$((gap * 3)) ladder=$pauses
		wake || return
		;;
	*:starting:* | *:stopping:* | *:unknown:*) return 1 ;;
	esac
	[ "$woken" = "$now" ] || ladder=$pauses due=0
	[ "$agent" = online ] || find_instance_connect
	applied=$id
	save_state
	since=$now patience=10 force='' candidate=''
}

# Neither word may be empty.
save_state() {
	[ "$mode" != watch ] || (echo "${applied:-/} ${announced:-/}" >"$run/state") 2>/dev/null
}

# The recipe's checks in one picture, for people or (--json) for programs.

status() {
	poll_imds
	[ "$reason" != imds-unreachable ] || poll_imds
	look
	if [ "$agent" = connecting ]; then
		# It may be about to connect; one that still does not after a while hibernates.
		patience=3
		sleep 3
		now
		look
	fi
	find_instance_connect
	watcher=inactive
	! is_held watch || watcher=active
	read_identity
	read -r on_ready 2>/dev/null <"$run/on-ready"
	case $reason:$agent:$agent_source in
	ready:online:*) ;;
	ready:* | no-role:online:SSM | no-role:online:OnPrem) reason=agent-$agent ;;
	esac
	explain
	case $reason in
	agent-asleep | agent-hibernating) explain_cause ;;
	esac
	describe_retry
	case $reason:$todo in
	*:?*) ;;
	agent-starting: | agent-connecting: | agent-stopping: | agent-unknown:) todo=$(command_line status) ;;
	agent-*) todo=$(command_line run) ;;
	*) todo="wait a minute, then: $(command_line status)" ;;
	esac
	finish "$reason"
}

add_status() {
	add endpoint "$endpoint"
	add code "$verdict"
	add expires "$expires"
	add agent_source "$agent_source"
	add agent_retry "$retry"
	add watcher "$watcher"
	add on_ready "$on_ready"
	add todo "$todo"
}

print_status() {
	printf '%s\n' "ssmwake $version: $sentence
  role         ${role:-none}${wanted:+ (wanted: $wanted)}
  credentials  ${expires:+valid until }${expires:-${verdict:-none}}
  agent        $agent${unit:+ ($unit)}${agent_source:+, uses $agent_source}${retry:+, tries again in $retry}
  watcher      $watcher${on_ready:+
  on-ready     $on_ready}${error:+
  its log      $error}
next: $todo" | tr -dc ' -~\n'
}

# Print the command that runs this script with $1, as it can be pasted: the PATH of sudo may lack /usr/local/sbin.
command_line() {
	line=${self:-ssmwake.sh}
	case $line in
	*[!A-Za-z0-9/._+-]*) line="'$(printf %s "$line" | sed "s/'/'\\\\''/g")'" ;;
	esac
	[ -x "$self" ] || line="sh $line"
	printf 'sudo %s\n' "$line $1"
}

# Leaves the path of this script in $self; nothing where it came through a pipe.
find_self() {
	case $0 in
	/*) self=$0 ;;
	*) self=$PWD/$0 ;;
	esac
	[ -f "$self" ] || self=$(command -v "$0")
	grep -qsx "version=$version" "$self" || self=''
}

# on-ready: commands and units that want the role start when it is there: once for each identity on each instance.

on_ready_pauses='10s 30s 60s 120s 300s reboot'

# Units that want the role start with the target, whatever the agent does; ours is one of them. Images are cloned with
# what was done on the machine that they were made of, so the instance is part of the stamp.
announce() {
	announced=$id
	tell role "IMDS serves the credentials of role $role"
	save_state
	[ "$mode" = watch ] || return 0
	get meta-data/instance-id
	case $reason$body in
	*[!a-z0-9-]* | ????????????????????????????????*) body='' ;;
	esac
	reason=ready
	(echo "$id${body:+ $body}" >"$run/ready") 2>/dev/null
	control restart ssmwake-ready.target || sh "$self" on-ready >/dev/null &
}

# Run by a unit of its own: the commands are not confined as the watcher is. IAM is often late, so a failure is tried
# again a few times, and once more at the next boot. What is announced in the meantime runs next.
on_ready() {
	[ -f "$hook" ] || finish ready
	take_lock on-ready || finish already-running
	mkdir -p "$lib" 2>/dev/null
	for word in $on_ready_pauses; do
		while is_announced; do
			# To the journal only: what we say on standard error goes to the console as well, and this may be secret.
			HOME=/root sh "$hook" 2>&1 || break
			rm -f "$run/on-ready"
			# In /run where /var cannot be written.
			(echo "$id" >>"$lib/ready") 2>/dev/null || echo "$id" >>"$run/done"
		done
		is_announced || finish ready
		echo "failed; runs again after $word" >"$run/on-ready"
		[ "$word" = reboot ] || sleep "${word%s}"
	done
	finish on-ready-failed "$hook failed"
}

# Is there an identity for which the commands have not run?
is_announced() {
	read -r id 2>/dev/null <"$run/ready" && [ "$id" ] && ! grep -qsxF "$id" "$lib/ready" "$run/done"
}

main "$@"
