# The recipe's checks in one picture, for a person or (--json) for a program.

status() {
    poll_imds
    [ "$reason" != imds-unreachable ] || poll_imds
    look
    find_instance_connect
    watcher=inactive retry='' line=''
    alive watch && watcher=active
    # A sleeping agent tries again by itself, after 25 to 30 minutes.
    [ "$agent" != asleep ] || retry="$((30 - age / 60 % 30)) min"
    read -r line 2>/dev/null <"$ssm/runtimeconfig/identity_config.json"
    field "$line" CredentialSource
    [ "$reason" != ready ] || [ "$agent" = online ] || reason=agent-$agent
    case $reason in
    ready) todo=nothing ;;
    agent-not-installed) todo='install amazon-ssm-agent' ;;
    agent-masked | agent-disabled) todo="enable $unit" ;;
    agent-[adh]* | agent-stopped) todo='ssmwake run' ;;
    no-role) todo='attach an instance profile' ;;
    other-role) todo='attach that role' ;;
    creds-Assume*) todo='let EC2 assume the role' ;;
    imds-disabled) todo='enable IMDS' ;;
    *) todo='look again' ;;
    esac
    more="$more,\"endpoint\":\"$endpoint\",\"code\":\"$verdict\",\"expires\":\"$expires\",\"agent_source\":\"$value\",\"agent_retry\":\"$retry\",\"watcher\":\"$watcher\",\"todo\":\"$todo\""
    finish "$reason"
}
