# on-ready: what wants the role runs when it is there, once per identity.

# Units that want the role start with the target, whatever the agent does; ours is one of them.
announce() {
    announced=$id
    tell role "IMDS serves the credentials of role $role"
    save_state
    [ "$mode" != watch ] || control restart ssmwake-ready.target || sh "$self" on-ready >/dev/null &
}

# Run by a unit of its own: the commands are not confined as the watcher is. No stamp after a failure, so that the next
# boot tries again.
on_ready() {
    id=unknown
    read -r _ id 2>/dev/null <"$run/state"
    if [ -f "$hook" ] && ! grep -qxF "$id" "$lib/ready" 2>/dev/null; then
        HOME=/root sh "$hook" 2>&1 || finish on-ready-failed "a command of $hook failed"
        echo "$id" >>"$lib/ready"
    fi
    finish ready
}
