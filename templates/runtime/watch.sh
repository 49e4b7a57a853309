# The loop of wait, run and watch: look at IMDS, look at the agent, act, pause.

loop() {
	since=$start ladder=$pauses
	[ "$mode" = watch ] || deadline=$((start + timeout))
	[ "$mode" = wait ] || take_lock "$mode" || finish already-running
	# In /run: after a reboot the agent has started anew, and its own state decides.
	[ "$mode" != watch ] || read -r applied announced 2>/dev/null <"$run/state"
	while :; do
		now
		poll_imds
		if [ "$reason" = ready ]; then
			refusals=0
			same "$announced" || announce
			[ "$mode" != wait ] || finish ready
			tend
		else
			not_ready
		fi
		now
		[ "$now" -lt "$deadline" ] || give_up
		choose_pause
		# In the background, so that a signal ends the pause at once and not when it is over.
		sleep $((deadline - now < pause ? deadline - now : pause)) &
		sleeper=$!
		wait $sleeper
		sleeper=''
	done
}

# Often while somebody may be waiting, seldom while all is well. No fleet can press on AWS this way: link-local only.
choose_pause() {
	pause=$poll
	if [ "$refusals" -gt 60 ]; then
		pause=60
	elif [ "$healthy" = 1 ]; then
		pause=$poll_healthy
	elif [ $((now - since)) -lt 60 ]; then
		pause=1
	elif [ $((now - since)) -lt 600 ] && [ "$poll" -gt 2 ]; then
		pause=2
	fi
}

# Nothing that IMDS says or fails to say is a reason to restart. A role that goes away and comes back is the same role.
not_ready() {
	explain
	[ "$mode" = watch ] || sentence="$sentence; waits for up to $timeout s"
	tell waiting "$sentence ($reason)"
	case $reason in
	imds-disabled | no-imdsv2)
		refusals=$((refusals + 1))
		[ "$refusals" -lt 3 ] || [ "$mode" = watch ] || give_up
		return
		;;
	no-role)
		[ -z "$role" ] || since=$now
		candidate='' healthy=0 role='' profile='' due=0 ladder=$pauses
		# The agent can live without it.
		if [ "$mode:$wanted" = run: ]; then
			look
			read_identity
			case $agent:$agent_source in
			online:SSM | online:OnPrem) finish agent-online ;;
			esac
		fi
		;;
	esac
	refusals=0
}

give_up() {
	case $reason:$agent in
	ready:down | ready:not-started) reason='restart-failed' ;;
	ready:stopping) reason='restart-hang' ;;
	ready:not-seeded | ready:unknown | ready:masked) reason=agent-$agent ;;
	ready:*) reason='agent-unregistered' ;;
	esac
	finish "$reason"
}

# The role is there: does the agent know?
tend() {
	look
	same "$applied" || meet_role || return
	case $agent in
	online)
		[ "$healthy" = 1 ] || tell online "the agent is online; the role is $role"
		healthy=1 patience=60
		[ $((now - woken)) -lt 600 ] || ladder=$pauses
		[ "$mode" != run ] || finish ready
		;;
	asleep | hibernating | down | not-started)
		healthy=0
		read_identity
		tell_cause
		case $agent_source:$agent in
		# It would not use the role.
		OnPrem:asleep | OnPrem:hibernating) ;;
		*) [ "$now" -lt "$due" ] || wake ;;
		esac
		;;
	queued)
		# Its start waits for something such as the end of cloud-final; the role will be there then.
		if [ $((now - woken)) -ge 5 ]; then
			action=queued
			[ "$mode" != run ] || finish ready
		fi
		;;
	stopped | not-installed | masked | disabled | no-service-manager | out-of-sight)
		# Right after a restart it is between its end and its start.
		if [ $((now - woken)) -ge 5 ] || [ "$woken" = 0 ]; then
			reason=agent-$agent
			explain
			tell skipped "$sentence${todo:+; $todo}"
			reason=ready healthy=1 action=skipped:$agent
			[ "$mode" != run ] || finish agent-$agent
		fi
		;;
	*) healthy=0 ;;
	esac
	[ "$action:$mode" != scheduled:run ] || finish ready
}

# The role is another one than the agent was started with, or nobody knows: then the agent's own state decides.
meet_role() {
	read_identity
	case $force${applied:+known}:$agent:$agent_source in
	# It would not use the role, even if it was restarted: a hybrid activation never does, and one with Default Host
	# Management changes over by itself when those credentials end.
	*:OnPrem | known:online:SSM | :*) ;;
	*:online:* | *:connecting:* | *:hibernating:*)
		# Half a change may be all of it, or IMDS shows it in pieces: look once more.
		case $candidate:$applied in
		"$id":*) ;;
		*:"$profile"/* | *:*/"$role")
			candidate=$id since=$now healthy=0
			return 1
			;;
		esac
		# Each restart is an outage of 8 s: a role that flaps has to wait, three times as long each time.
		if [ "$now" -lt "$calm" ]; then
			tell holding 'the role changes too often to restart the agent now'
			return 1
		fi
		[ $((now - calm)) -lt 3600 ] || gap=60
		calm=$((now + gap)) gap=$((gap * 3)) ladder=$pauses
		wake || return
		;;
	*:starting:* | *:stopping:* | *:unknown:*) return 1 ;;
	esac
	[ "$woken" = "$now" ] || ladder=$pauses due=0
	[ "$agent" = online ] || find_instance_connect
	applied=$id
	save_state
	since=$now patience=10 force='' candidate=''
}

# Neither word may be empty.
save_state() {
	[ "$mode" != watch ] || (echo "${applied:-/} ${announced:-/}" >"$run/state") 2>/dev/null
}
