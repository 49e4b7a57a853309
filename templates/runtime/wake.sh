# Waking the agent: the quick way for one that sleeps, the orderly way for any other; never more often than the ladder says.

# Bounded, as a manager that hangs must not take the watcher with it.
control() {
    timeout 20 systemctl --no-block --no-ask-password "$@" </dev/null >/dev/null 2>&1
}

# A sleeping agent takes 7 s to stop and has nothing to lose, so SIGKILL; but a document in flight is not asleep.
wake() {
    told=
    if [ "$manager" = systemd ]; then
        case $agent in
        asleep)
            for file in "$ssm"/*/document/state/current/*; do
                [ ! -e "$file" ] || agent=busy
            done
            ;;
        # Five starts within ten seconds, and systemd starts it no more until it is told to forget that.
        down) control reset-failed "$unit" ;;
        esac
    fi
    log "restarting $unit: it is $agent, and $seen_role is there"
    if [ -n "${SSM_COMMAND_ID:-}${AWS_SSM_INSTANCE_ID:-}" ] && [ "$manager" = systemd ]; then
        schedule
    else
        [ "$agent" != asleep ] || kill -KILL "$pid" 2>/dev/null
        case $manager in
        systemd) control restart "$unit" ;;
        *) rc-service "$unit" restart >/dev/null 2>&1 ;;
        esac
    fi || {
        action=restart-failed
        climb
        return 1
    }
    [ "$action" = scheduled ] || action=restarted
    restarts=$((restarts + 1)) pid='' worker='' socket='' offline_since='' healthy='' restarted_at=$now
    climb
}

# We are the agent's grandchild: the reply must go out before the agent ends, or the command never does.
schedule() {
    set -- --on-active=5 --timer-property=AccuracySec=100ms systemctl --no-block restart "$unit"
    action=scheduled
    # systemd 219 does not know --collect.
    systemd-run --collect "$@" >/dev/null 2>&1 || systemd-run "$@" >/dev/null 2>&1
}

# The next restart, if this one does not bring it online: the first pause of the ladder, and the ladder loses it. The
# last one stays. IAM needs time to be consistent, and an agent that meets AccessDenied sleeps for another 25 minutes.
climb() {
    pause_for=${ladder%% *}
    case $ladder in
    *' '*) ladder=${ladder#* } ;;
    esac
    jitter $((pause_for / 20))
    due=$((now + pause_for + dice))
}

# The unit that harvested host keys has had two names and is gone since 1.1.19. It never was what serves the role.
find_instance_connect() {
    [ "$SSMWAKE_INSTANCE_CONNECT" = yes ] && [ "$manager" = systemd ] || return
    connect=no-unit
    for name in ec2-instance-connect ec2-instance-connect-harvest-hostkeys; do
        show $name.service
        [ "$LoadState" != loaded ] || connect=$name
    done
    [ $connect = no-unit ] || [ -z "${1:-}" ] || control restart $connect.service
}
