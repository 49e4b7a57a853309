# Time since boot: it costs no process, and does not step when NTP sets the clock.

now() {
    read -r now _ </proc/uptime
    now=${now%.*}
}
