# The loop of wait, run and watch: look at IMDS, look at the agent, act, pause.

loop() {
    since=$start
    [ "$mode" = watch ] || deadline=$((start + SSMWAKE_TIMEOUT))
    while :; do
        now
        poll_imds
        if [ "$reason" = ready ]; then
            refusals=0
            [ "$mode" != watch ] || announce
            [ "$mode" != wait ] || finish 0
            tend_agent
        else
            not_ready
        fi
        [ "$deadline" = 0 ] || [ "$now" -lt "$deadline" ] || give_up
        choose_interval
        pause "$interval"
    done
}

# Often while somebody may be waiting, seldom while all is well. Link-local only: no fleet can press on AWS this way.
choose_interval() {
    waited=$((now - since))
    if [ -n "$candidate" ] || [ $waited -lt 60 ]; then
        interval=1
    elif [ $waited -lt 600 ]; then
        interval=2
    else
        interval=$SSMWAKE_POLL
    fi
    [ $interval -le "$SSMWAKE_POLL" ] || interval=$SSMWAKE_POLL
    [ -z "$healthy" ] || [ -n "$candidate" ] || interval=$SSMWAKE_POLL_HEALTHY
    [ $refusals -lt 3 ] || interval=300
    [ "$deadline" = 0 ] || [ $((now + interval)) -le "$deadline" ] || interval=$((deadline - now))
}

# Nothing that IMDS says or fails to say is a reason to restart; only the absence of a role forgets it.
not_ready() {
    case $reason in
    imds-disabled | no-imdsv2)
        refusals=$((refusals + 1))
        [ $refusals -lt 3 ] || [ "$mode" = watch ] || give_up
        ;;
    no-role)
        [ -z "$applied$proven" ] || since=$now
        fresh='' applied='' proven='' candidate='' announced='' healthy='' seen_role='' profile=''
        save_state
        ;;
    esac
    tell "waiting: $reason $seen_role"
}

give_up() {
    case $reason:$agent in
    ready:down) reason=restart-failed ;;
    ready:stopping) reason=restart-hang ;;
    ready:not-installed) reason=agent-not-seeded ;;
    ready:*) reason=agent-unregistered ;;
    esac
    exit_code
    fail "$code" "$reason" "gave up: $reason"
}

# 69: this machine cannot; 71: the agent did not; 78: a person must mend the configuration; 75: later it may work.
exit_code() {
    case $reason in
    ready | agent-not-seeded) code=0 ;;
    imds-disabled | no-imdsv2 | agent-no-*) code=69 ;;
    creds-[A-Z]* | agent-masked) code=78 ;;
    restart-* | agent-[!u]*) code=71 ;;
    *) code=75 ;;
    esac
}

tend_agent() {
    look_at_agent
    same_identity "$applied" || meet_role || return
    case $agent in
    online)
        [ -n "$healthy" ] || tell "agent online"
        healthy=yes patience=60
        [ $((now - restarted_at)) -lt 600 ] || ladder=$SSMWAKE_RESTART_AFTER
        [ "$mode" != run ] || finish 0
        ;;
    asleep | hibernating | down)
        healthy=
        [ "$now" -lt "$due" ] || wake
        ;;
    # Whoever stopped an agent that was online meant it.
    stopped)
        if [ "$action" = restarted ] && [ $((now - restarted_at)) -ge 5 ]; then
            # The job waits for something, such as the end of cloud-final, and the agent will start with the role there.
            action=queued
            [ "$mode" != run ] || finish 0
        elif [ -z "$healthy" ] && [ "$now" -ge "$due" ]; then
            wake
        fi
        ;;
    not-installed | masked | disabled | no-service-manager) leave_agent ;;
    esac
    [ "$action" != scheduled ] || [ "$mode" != run ] || finish 0
}

leave_agent() {
    tell "the agent is $agent"
    healthy=yes action=skipped:$agent
    [ "$mode" = run ] || return
    case $agent in
    no-*) fail 69 no-service-manager "neither systemd nor OpenRC" ;;
    not-*)
        action=not-installed
        # A snap that is not seeded yet: its unit comes later in this boot.
        command -v snap >/dev/null 2>&1 && healthy='' && return
        ;;
    esac
    reason=agent-$agent
    finish 0
}

# A role that this agent was not restarted for. One that sleeps needs no more thought: it is woken when it is due, now.
meet_role() {
    case $fresh:$force:$agent in
    yes::*) ;;
    *:online | *:connecting | *:hibernating)
        # Seen twice, as IMDS may show a change in pieces; and seldom, as each restart is an outage of 8 s.
        if [ "$candidate" != "$profile/$seen_role" ] && [ -z "$force" ]; then
            candidate=$profile/$seen_role
            return 1
        fi
        damped && return 1
        since=$now ladder=$SSMWAKE_RESTART_AFTER
        wake || return 1
        ;;
    *:starting | *:stopping) return 1 ;;
    esac
    if [ "$restarted_at" != "$now" ]; then
        since=$now ladder=$SSMWAKE_RESTART_AFTER due=$now patience=10
    fi
    fresh='' force='' candidate='' applied=$profile/$seen_role
    [ "$agent" = online ] || find_instance_connect restart
    save_state
}

# Each restart of an agent that is online is an outage of 8 s: a role that flaps has to wait, three times as long each time.
damped() {
    [ $((now - calm)) -lt 3600 ] || gap=60
    [ "$now" -ge "$calm" ] || {
        tell "holding back: the role changes too often"
        return
    }
    calm=$((now + gap)) gap=$((gap * 3))
    return 1
}

# In /run: after a reboot the agent has started anew, and its own state decides.
save_state() {
    [ "$mode" = watch ] || return
    put "$applied $announced" 2>/dev/null >"$run/state" || tell "$run: cannot write; going on without"
}

load_state() {
    fresh=yes
    [ "$mode" = watch ] && [ -r "$run/state" ] || return
    read -r applied announced <"$run/state" && fresh=
}
