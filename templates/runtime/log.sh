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
