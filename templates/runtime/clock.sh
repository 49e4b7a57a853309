# Time since boot: it costs no process, and does not step when NTP sets the clock.

now() {
    read -r now _ </proc/uptime
    now=${now%.*}
}

# In the background, so that a signal ends the pause at once and not when it is over.
pause() {
    sleep "$1" &
    sleeper=$!
    wait "$sleeper"
    sleeper=
}

# A number from 0 to $1, to spread a fleet that wakes at once.
jitter() {
    dice=$(od -An -N2 -tu2 /dev/urandom 2>/dev/null)
    dice=$((dice % ($1 + 1)))
}

# How many seconds the process $1 has lived; the kernel counts its start in hundredths of a second.
age() {
    age=0
    read -r line 2>/dev/null <"/proc/$1/stat" || return
    # shellcheck disable=SC2086 # split at blanks: field 22 counts from 1, the first two end at the parenthesis
    set -- ${line##*") "}
    age=$((now - ${20} / 100))
}
