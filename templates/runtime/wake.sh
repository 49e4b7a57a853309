# Waking the agent: the quick way for one that sleeps, the orderly way for any other; never more often than the ladder says.

# Bounded, as a manager that hangs must not take the watcher with it.
control() {
    timeout 20 systemctl --no-block "$@" >/dev/null 2>&1
}

wake() {
    # The watcher is at it; a second restart within seconds costs the agent another ten.
    if [ "$mode$force" = run ] && alive watch; then
        woken=$((woken ? woken : now))
        return 1
    fi
    told='' woken=$now healthy=0 lost='' action=restarted
    tell restarting "$unit, which is $agent; the role is $role"
    # A sleeping agent takes 7 s to stop and has nothing to lose; but a document in flight means that it is not asleep.
    set -- "$ssm"/*/document/state/current/*
    # We may be the agent's grandchild: the reply must go out before the agent ends, or the command never does.
    if [ "${AWS_SSM_INSTANCE_ID-}" ] && [ "$manager" = systemd ]; then
        action=scheduled
        systemd-run sh -c "sleep 5; systemctl restart $unit"
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
        absent $word.service || connect=$word
    done
    [ "$connect" = no-unit ] || [ "$mode" = status ] || control restart $connect.service
}
