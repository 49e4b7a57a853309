# Why the agent is not online although the role is there, as its own log has it.

cause='' error=''

# Leaves in $cause `refused`, `unreachable` or nothing; in $error the file and what the agent has logged there last
# about it, with its time, in one line without keys, tokens and passwords in URLs; and a sentence and what to do in
# $sentence, $todo.
explain_cause() {
	cause='' error=''
	read_log 'Successfully|produced aws|caused by: Post|s\. Err|hibernate - |Fingerprint'
	case $line in
	# It has written nothing yet, or what it met is over.
	'' | *Success* | *'no EC2 instance role'*)
		# What drops packets says nothing, and each of its tries takes 30 s.
		read_connections "${pid:-none}" 02
		[ "$list" ] && [ "$connected" ] && cause=unreachable sentence='the agent cannot reach Systems Manager' \
			todo='open the way to ssm and ssmmessages, port 443 (DNS, routes, firewall, proxy)'
		return
		;;
	esac
	error="$agent_log: $(printf %s "$line" |
		sed -E 's/A[KS]IA[A-Z0-9]{8,}|[A-Za-z0-9+/=]{60,}/REMOVED/g
            s#://[^ "]*@#://#g
            s/ [A-Z]+ .*(rror:|ate -|caused by:) / /
            s/(.{300}).*/\1/')"
	cause=refused sentence='Systems Manager refuses the agent'
	case $error in
	*' Post '*)
		cause=unreachable value=${error#*://}
		value=${value%%[/\"]*}
		case $error in
		*proxyconnect*) value="its proxy ${error##*dial tcp }" ;;
		esac
		sentence="the agent cannot reach ${value%%: *}: ${error##*: }"
		todo='open the way to ssm and ssmmessages, port 443 (DNS, routes, firewall, proxy)'
		;;
	*Fingerprint*) todo="sudo amazon-ssm-agent -register -clear; sudo systemctl restart $unit" ;;
	*'ignature exp'*) todo='set the clock' ;;
	*' to perform: '*)
		value=${error##* to perform: }
		todo="let role $role do ${value%% *}"
		;;
	*) todo="let role $role do what AmazonSSMManagedInstanceCore allows" ;;
	esac
}

# Say why a restart did not help, or would not.
tell_cause() {
	[ "$woken" != 0 ] || [ "$agent_source" = OnPrem ] || return 0
	[ $((now - woken)) -ge 3 ] || return 0
	explain_cause
	[ -z "$cause" ] || tell $cause "$sentence; $todo; $error"
}
