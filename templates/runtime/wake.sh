# Waking the agent: the quick way for one that sleeps, the orderly way for any other; never more often than the ladder says.

# Bounded, as a manager that hangs must not take the watcher with it.
control() {
    timeout 20 systemctl --no-block --no-ask-password "$@" </dev/null >/dev/null 2>&1
}

wake() {
    # The watcher is at it; a second restart within seconds costs the agent another ten.
    if [ "$mode$force" = run ] && read -r owner 2>/dev/null <"$run/watch.lock" && [ -e "/proc/$owner/comm" ]; then
        woken=$((woken ? woken : now))
        return 1
    fi
    told='' woken=$now healthy='' lost='' action=restarted
    tell "restarting $unit: $agent, role $has"
    # A sleeping agent takes 7 s to stop and has nothing to lose; but a document in flight means that it is not asleep.
    set -- "$ssm"/*/document/state/current/*
    # We may be the agent's grandchild: the reply must go out before the agent ends, or the command never does.
    if [ -n "${AWS_SSM_INSTANCE_ID:-}" ] && [ "$manager" = systemd ]; then
        action=scheduled
        systemd-run --on-active=5 --timer-property=AccuracySec=100ms systemctl --no-block restart "$unit"
    elif [ "$manager" = openrc ]; then
        rc-service "$unit" restart
    else
        [ "$agent" != asleep ] || [ -e "$1" ] || kill -KILL "$pid"
        # Five starts within ten seconds, and systemd starts it no more until it is told to forget that.
        [ "$agent" != down ] || control reset-failed "$unit"
        control restart "$unit"
    fi >/dev/null 2>&1 || action=restart-failed
    pid='' agent=starting
    # If this does not bring it online: the ladder's next pause, a little more for some in a fleet; its last one repeats.
    # IAM needs time to be consistent, and an agent that meets AccessDenied sleeps for another 25 minutes.
    rung=${ladder%% *}
    ladder=${ladder#"$rung" }
    dice=$(od -An -N2 -tu2 /dev/urandom)
    due=$((now + rung + dice % (rung / 20 + 1)))
    [ "$action" != restart-failed ]
}

# The unit that harvested host keys has had two names and is gone since 1.1.19. It never was what serves the role.
find_instance_connect() {
    [ "$INSTANCE_CONNECT" = yes ] && [ "$manager" = systemd ] || return
    connect=no-unit
    for name in ec2-instance-connect ec2-instance-connect-harvest-hostkeys; do
        show $name.service
        [ "$LoadState" != loaded ] || connect=$name
    done
    [ "$connect" = no-unit ] || [ "$mode" = status ] || control restart $connect.service
}
