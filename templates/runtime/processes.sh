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
