# on-ready: what wants the role runs when it is there, once per identity.

# Units that want the role start with the target, whatever the agent does.
announce() {
    announced=$id
    log "role $has"
    save_state
    [ $mode = watch ] || return
    if [ "$manager" = systemd ]; then
        control start ssmwake-ready.target
        [ ! -f "$hook" ] || control start ssmwake-on-ready.service
    elif [ -f "$hook" ]; then
        sh "$0" on-ready >/dev/null &
    fi
}

# Run by a unit of its own: the commands are not confined as the watcher is. No stamp after a failure, so that the next
# boot tries again.
on_ready() {
    read -r _ announced <"$run/state"
    if ! grep -qxF "$announced" "$lib/ready" 2>/dev/null; then
        sh "$hook" >&2 || fail $? on-ready-failed "$hook failed"
        put "$announced" >>"$lib/ready"
    fi
    finish 0
}
