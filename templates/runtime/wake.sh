# Waking the agent: the quick way for one that sleeps, the orderly way for any other; never more often than the ladder
# says.

control() {
	bounded 20 systemctl --no-block "$@" >/dev/null
}

wake() {
	# `run` and the watcher share a file that says when the agent was restarted: a second restart within seconds costs
	# it another ten.
	value=0
	read -r value 2>/dev/null <"$run/restarted"
	if [ "$value" -gt "$woken" ] && [ $((now - value)) -lt 15 ]; then
		woken=$value
		return 1
	fi 2>/dev/null
	# What was seen may be over: it takes a sleeping agent 7 s to stop, and a restart would undo what an administrator
	# does in that time.
	if [ "$manager" = systemd ] && show "$unit"; then
		seen=$agent
		read_state
		case $state:$agent in
		# It could not be started again.
		*=masked*) agent=masked && return 1 ;;
		*:running | *:"$seen") agent=$seen ;;
		*) return 1 ;;
		esac
	fi
	told='' woken=$now healthy=0 action=restarted
	(echo "$now" >"$run/restarted") 2>/dev/null
	tell restarting "$unit, which is $agent"
	# A sleeping agent takes 7 s to stop and has nothing to lose; but a document in flight means that it is not asleep.
	set -- "$ssm"/*/document/state/current/*
	# We may be the agent's grandchild: the reply must go out before the agent ends, or the command never does.
	if [ "${AWS_SSM_INSTANCE_ID-}" ] && [ "$manager" = systemd ]; then
		action=scheduled
		bounded 20 systemd-run sh -c "sleep 5; systemctl restart $unit"
	elif [ "$manager" = openrc ]; then
		bounded 60 rc-service "$unit" restart
	else
		# Only the main process itself is killed, if it still runs, and nothing else that it may have become.
		[ "$agent:$pid" != "asleep:$main" ] || [ ! -e "$program" ] || [ -e "$1" ] || ! examine "$pid" ||
			[ "$started" != "$pid_start" ] || kill -KILL "$pid"
		# Five starts within ten seconds, and systemd refuses to start it again until that is reset.
		[ "$agent" != down ] || control reset-failed "$unit"
		control restart "$unit"
	fi >/dev/null 2>&1 || action=restart-failed
	pid='' agent=starting
	# If this does not bring it online: the ladder's next pause, a little more for some in a fleet; its last one
	# repeats. IAM needs time to be consistent, and an agent that meets AccessDenied sleeps for another 25 minutes.
	value=${ladder%% *}
	ladder=${ladder#"$value" }
	due=$((now + value + ${$} % (value / 20 + 1)))
	[ "$action" != restart-failed ]
}

# The unit that harvested host keys has had two names and is gone since 1.1.19. It never was what serves the role.
find_instance_connect() {
	case $manager:$connect in
	*:off | openrc:* | :*) return ;;
	esac
	connect=no-unit
	for word in ec2-instance-connect ec2-instance-connect-harvest-hostkeys; do
		! show $word.service || case $state in
		# Whoever disabled or masked it does not want it to be started.
		*=disabled* | *=masked*) ;;
		*) connect=$word ;;
		esac
	done
	[ "$connect" = no-unit ] || [ "$mode" = status ] || control restart $connect.service
}
