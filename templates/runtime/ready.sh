# on-ready: commands and units that want the role start when it is there: once for each identity on each instance.

on_ready_pauses='10s 30s 60s 120s 300s reboot'

# Units that want the role start with the target, whatever the agent does; ours is one of them. Images are cloned with
# what was done on the machine that they were made of, so the instance is part of the stamp.
announce() {
	announced=$id
	tell role "IMDS serves the credentials of role $role"
	save_state
	[ "$mode" = watch ] || return 0
	get meta-data/instance-id
	case $reason$body in
	*[!a-z0-9-]* | ????????????????????????????????*) body='' ;;
	esac
	reason=ready
	(echo "$id${body:+ $body}" >"$run/ready") 2>/dev/null
	control restart ssmwake-ready.target || sh "$self" on-ready >/dev/null &
}

# Run by a unit of its own: the commands are not confined as the watcher is. IAM is often late, so a failure is tried
# again a few times, and once more at the next boot. What is announced in the meantime runs next.
on_ready() {
	[ -f "$hook" ] || finish ready
	take_lock on-ready || finish already-running
	mkdir -p "$lib" 2>/dev/null
	for word in $on_ready_pauses; do
		while is_announced; do
			# To the journal only: what we say on standard error goes to the console as well, and this may be secret.
			HOME=/root sh "$hook" 2>&1 || break
			rm -f "$run/on-ready"
			# In /run where /var cannot be written.
			(echo "$id" >>"$lib/ready") 2>/dev/null || echo "$id" >>"$run/done"
		done
		is_announced || finish ready
		echo "failed; runs again after $word" >"$run/on-ready"
		[ "$word" = reboot ] || sleep "${word%s}"
	done
	finish on-ready-failed "$hook failed"
}

# Is there an identity for which the commands have not run?
is_announced() {
	read -r id 2>/dev/null <"$run/ready" && [ "$id" ] && ! grep -qsxF "$id" "$lib/ready" "$run/done"
}
