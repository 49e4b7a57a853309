# The recipe's checks in one picture, for a person or (--json) for a program.

status() {
    find_client
    poll_imds
    [ "$reason" != imds-unreachable ] || poll_imds
    imds=$reason code='' retry=unknown watcher=inactive
    look_at_agent
    find_instance_connect
    case $reason in
    ready) code=Success ;;
    creds-*) code=${reason#creds-} ;;
    esac
    line=''
    read -r line 2>/dev/null <"$ssm/runtimeconfig/identity_config.json"
    field "$line" CredentialSource
    read -r owner 2>/dev/null <"$run/watch.lock" && [ -d "/proc/$owner" ] && watcher=active
    [ "$agent" != asleep ] || next_retry
    [ "$reason:$agent" = ready:online ] || [ "$reason" != ready ] || reason=agent-$agent
    case $reason in
    ready) todo=nothing ;;
    agent-not-installed) todo='install amazon-ssm-agent' ;;
    agent-masked | agent-disabled) todo="enable $unit" ;;
    agent-*) todo='ssmwake run' ;;
    no-role) todo='attach an instance profile' ;;
    creds-Assume*) todo='let ec2.amazonaws.com assume the role' ;;
    imds-disabled) todo='enable IMDS in the metadata options' ;;
    *) todo='look again in a minute' ;;
    esac
    if [ -n "$json" ]; then
        more="$more,\"imds\":\"$imds\",\"code\":\"$code\",\"expires\":\"$expires\",\"source\":\"$value\",\"retry\":\"$retry\",\"watcher\":\"$watcher\",\"todo\":\"$todo\""
    else
        put "IMDS              $imds ($endpoint, $client)
role              ${seen_role:-none} $profile
credentials       ${code:-none} $expires
agent             $agent $unit
its credentials   ${value:-none}
its own retry     $retry
Instance Connect  $connect
watcher           $watcher
verdict           $reason
next              $todo"
        exec >/dev/null
    fi
    exit_code
    finish $code
}

# When it would try again by itself: from what it logged, else from its age and its 25 to 30 minutes.
next_retry() {
    age "$pid"
    retry="within $((30 - age / 60)) min"
    line=$(grep 'Sleeping for' "$root/var/log/amazon/ssm/amazon-ssm-agent.log" 2>/dev/null | tail -n 1)
    case $line in
    ????-??-??\ ??:??:??*h*m*s* | ????-??-??\ ??:??:??*m*s*) ;;
    *) return ;;
    esac
    clock=${line#* }
    seconds "${clock%%[. ]*}"
    left=$total
    clock=${line#*Sleeping for }
    seconds "${clock%%[. ]*}"
    sleeps=$total
    seconds "$(date +%H:%M:%S)"
    # Past midnight the clock starts again.
    left=$(((left + sleeps - total + 86400) % 86400))
    [ $left -gt $sleeps ] || retry="in $((left / 60)) min"
}

# 25m27s or 13:02:11 in seconds.
seconds() {
    total=0
    IFS=hms:
    for part in $1; do
        part=${part#0}
        total=$((total * 60 + ${part:-0}))
    done
    unset IFS
}
