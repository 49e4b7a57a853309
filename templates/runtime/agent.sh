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
