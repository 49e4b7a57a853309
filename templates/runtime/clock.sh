# Time since boot: it costs no process, and does not step when NTP sets the clock.

now() {
    # A chroot in which an image is built may have no /proc.
    read -r now _ 2>/dev/null </proc/uptime || now=$(date +%s)
    now=${now%.*}
}
