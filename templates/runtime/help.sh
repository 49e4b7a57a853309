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
