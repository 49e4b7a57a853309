# The recipe's checks in one picture, for a person or (--json) for a program.

status() {
    [ -n "$root" ] || [ "$(id -u)" = 0 ] || tell "not root: what the agent does is a guess"
    poll_imds
    [ "$reason" != imds-unreachable ] || poll_imds
    look
    find_instance_connect
    watcher=inactive retry='not needed' line=''
    read -r owner 2>/dev/null <"$run/watch.lock" && [ -e "/proc/$owner/comm" ] && watcher=active
    # A sleeping agent tries again by itself: after the pause that it logged, else after 25 to 30 minutes.
    if [ "$agent" = asleep ]; then
        total=0
        line=$(grep -o 'Sleeping for [0-9hms]*' "$root/var/log/amazon/ssm/amazon-ssm-agent.log" 2>/dev/null | tail -n 1)
        IFS=hms
        for part in ${line##* }; do
            total=$((total * 60 + part))
        done
        unset IFS
        [ "$total" -gt 0 ] || total=1800
        retry="in about $(((total - age % total) / 60)) min"
    fi
    line=''
    read -r line 2>/dev/null <"$ssm/runtimeconfig/identity_config.json"
    field "$line" CredentialSource
    imds="answers at $endpoint, with a token (asked by ${client##*/})" code=''
    case $reason in
    ready) code=Success ;;
    creds-*) code=${reason#creds-} ;;
    no-role | other-role) ;;
    *) imds="$reason at $endpoint" ;;
    esac
    [ "$reason:$agent" = ready:online ] || [ "$reason" != ready ] || reason=agent-$agent
    case $reason in
    ready) todo=nothing ;;
    agent-not-installed) todo='install amazon-ssm-agent' ;;
    agent-masked | agent-disabled) todo="enable $unit" ;;
    agent-starting | agent-connecting | agent-stopping) todo='look again in ten seconds' ;;
    agent-*) todo='ssmwake run' ;;
    no-role) todo='attach an instance profile that has a role' ;;
    other-role) todo='attach the role that is asked for, or ask for another' ;;
    creds-Assume*) todo='let ec2.amazonaws.com assume the role, in its trust policy' ;;
    imds-disabled) todo='enable the HTTP endpoint in the metadata options of the instance' ;;
    *) todo='look again in a minute' ;;
    esac
    if [ -z "$json" ]; then
        put "IMDS              $imds
role              ${has:-none}${profile:+, by the profile $profile}
credentials       ${code:-none}${expires:+, until $expires}
agent             $agent${unit:+ ($unit)}
its credentials   ${value:-none so far}
its own retry     $retry
Instance Connect  $connect
watcher           $watcher
verdict           $reason
what to do        $todo"
        exec >/dev/null
    fi
    more="$more,\"endpoint\":\"$endpoint\",\"code\":\"$code\",\"expires\":\"$expires\",\"agent_source\":\"$value\",\"agent_retry\":\"$retry\",\"watcher\":\"$watcher\",\"todo\":\"$todo\""
    finish "$reason"
}
