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
    sleeper=''
}
