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
