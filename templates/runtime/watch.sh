# The loop of wait, run and watch: look at IMDS, look at the agent, act, pause.

loop() {
    since=$start
    [ "$mode" = watch ] || deadline=$((start + timeout))
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
        [ "$now" -lt "$deadline" ] || give_up
        choose_pause
        # In the background, so that a signal ends the pause at once and not when it is over.
        sleep $((deadline - now < pause ? deadline - now : pause)) &
        sleeper=$!
        wait $sleeper
    done
}

# Often while somebody may be waiting, seldom while all is well. No fleet can press on AWS this way: link-local only.
choose_pause() {
    pause=$poll
    if [ "$refusals" -gt 2 ]; then
        pause=300
    elif [ "$healthy" = 1 ]; then
        pause=$poll_healthy
    elif [ $((now - since)) -lt 60 ]; then
        pause=1
    elif [ $((now - since)) -lt 600 ] && [ "$poll" -gt 2 ]; then
        pause=2
    fi
}

# Nothing that IMDS says or fails to say is a reason to restart; only the absence of a role makes us forget the one we had.
not_ready() {
    explain
    tell waiting "$sentence ($reason)"
    case $reason in
    imds-disabled | no-imdsv2)
        refusals=$((refusals + 1))
        [ "$refusals" -lt 3 ] || [ "$mode" = watch ] || give_up
        ;;
    no-role)
        [ -z "$announced" ] || since=$now
        fresh='' applied='' announced='' healthy=0 role='' profile=''
        save_state
        ;;
    esac
}

give_up() {
    case $reason:$agent in
    ready:down) reason='restart-failed' ;;
    ready:stopping) reason='restart-hang' ;;
    ready:not-installed) reason='agent-not-seeded' ;;
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
        [ "$healthy" = 1 ] || tell online "the agent is online with role $role"
        healthy=1 patience=60
        [ $((now - woken)) -lt 600 ] || ladder=$pauses
        [ "$mode" != run ] || finish ready
        ;;
    asleep | hibernating | down)
        healthy=0
        [ "$now" -lt "$due" ] || wake
        ;;
    stopped)
        case $woken:$action in
        # Whoever stopped an agent that was online meant it.
        0:* | *:queued | *:restart-failed) [ "$healthy" = 1 ] || [ "$now" -lt "$due" ] || wake ;;
        # Right after a restart, ours or the watcher's, its job waits for something such as the end of cloud-final; the
        # role will be there then.
        *)
            if [ $((now - woken)) -ge 5 ]; then
                action=queued
                [ "$mode" != run ] || finish ready
            fi
            ;;
        esac
        ;;
    not-installed | masked | disabled | no-service-manager)
        tell skipped "the agent is $agent"
        healthy=1 action=skipped:$agent
        # A snap that is not seeded yet: its unit comes later in this boot.
        if [ "$agent" = not-installed ] && command -v snap >/dev/null; then
            healthy=0
        elif [ "$mode" = run ]; then
            finish agent-$agent
        fi
        ;;
    esac
    [ "$action:$mode" != scheduled:run ] || finish ready
}

# A role that this agent was not restarted for. One that sleeps needs no more thought: it is due now.
meet_role() {
    case $fresh:$force:$agent in
    yes::*) ;;
    *:online | *:connecting | *:hibernating)
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
            tell holding 'the role flaps; the agent is left alone for a while'
            return 1
        fi
        [ $((now - calm)) -lt 3600 ] || gap=60
        calm=$((now + gap)) gap=$((gap * 3)) ladder=$pauses
        wake || return
        ;;
    *:starting | *:stopping) return 1 ;;
    esac
    [ "$woken" = "$now" ] || ladder=$pauses due=0
    [ "$agent" = online ] || find_instance_connect
    applied=$id
    save_state
    since=$now patience=10 fresh='' force='' candidate=''
}

# In /run: after a reboot the agent has started anew, and its own state decides.
save_state() {
    [ "$mode" != watch ] || { echo "$applied $announced" >"$run/state"; } 2>/dev/null
}

# Does a process of that kind live?
alive() {
    read -r owner 2>/dev/null <"$run/$1.lock" && [ -e "/proc/$owner" ]
}

# One of a kind at a time; a lock of a process that is gone is none.
take_lock() {
    mkdir -p "$run" 2>/dev/null
    alive "$mode" && finish already-running
    if { echo ${$} >"$run/$mode.lock"; } 2>/dev/null; then
        lock=$run/$mode.lock
    else
        tell cannot-write "$run cannot be written; nothing is remembered across a restart of the watcher"
    fi
    fresh=yes
    [ "$mode" = watch ] && read -r applied announced 2>/dev/null <"$run/state" && fresh=''
}
