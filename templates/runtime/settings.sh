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
