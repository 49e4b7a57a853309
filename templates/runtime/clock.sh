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
