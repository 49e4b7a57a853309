# Why the agent is not online although the role is there, as its own log has it.

cause='' error=''

# Leaves in $cause `refused`, `unreachable` or nothing; in $error what the agent has logged last about it since it was
# started, in one line of printable characters without keys and tokens; and a sentence and what to do in $sentence,
# $todo.
explain_cause() {
    error=$(tail -c 65536 "$agent_log" 2>/dev/null |
        grep -E 'Core Agent|Successfully|produced aws|^caused by|s\. Err|hibernate - |Fingerprint' | tail -n 1 |
        tr -dc '[:print:]' | sed -E 's/A[KS]IA[A-Z0-9]{8,}|[A-Za-z0-9+/=]{60,}/REMOVED/g
            s/ WARN .*Error: | INFO .*ate - / /
            s/(.{300}).*/\1/')
    case $error in
    # It has written nothing yet, or what it met is over.
    '' | *'Core Agent'* | *Success* | *'no EC2 instance role'*) return ;;
    'caused by'*)
        cause=unreachable sentence='the agent cannot reach Systems Manager'
        todo='open the way to ssm and ssmmessages, port 443 (DNS, routes, proxy)'
        ;;
    *)
        cause=refused sentence='Systems Manager refuses the agent'
        todo="let role $role do what AmazonSSMManagedInstanceCore allows"
        ;;
    esac
    case $error in
    *Fingerprint*) todo="sudo amazon-ssm-agent -register -clear; sudo systemctl restart $unit" ;;
    *'ignature exp'*) todo='set the clock' ;;
    esac
}

# Say why a restart did not help, or would not.
tell_cause() {
    [ "$woken" != 0 ] || [ "$agent_source" = OnPrem ] || return 0
    [ $((now - woken)) -ge 3 ] || return 0
    explain_cause
    [ -z "$cause" ] || tell $cause "$sentence; $todo; its log: $error"
}
