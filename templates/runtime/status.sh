# The recipe's checks in one picture, for people or (--json) for programs.

status() {
	poll_imds
	[ "$reason" != imds-unreachable ] || poll_imds
	look
	if [ "$agent" = connecting ]; then
		# It may be about to connect; one that still does not after a while hibernates.
		patience=3
		sleep 3
		now
		look
	fi
	find_instance_connect
	watcher=inactive
	! is_held watch || watcher=active
	read_identity
	read -r on_ready 2>/dev/null <"$run/on-ready"
	case $reason:$agent:$agent_source in
	ready:online:*) ;;
	ready:* | no-role:online:SSM | no-role:online:OnPrem) reason=agent-$agent ;;
	esac
	explain
	case $reason in
	agent-asleep | agent-hibernating) explain_cause ;;
	esac
	describe_retry
	case $reason:$todo in
	*:?*) ;;
	agent-starting: | agent-connecting: | agent-stopping: | agent-unknown:) todo=$(command_line status) ;;
	agent-*) todo=$(command_line run) ;;
	*) todo="wait a minute, then: $(command_line status)" ;;
	esac
	finish "$reason"
}

add_status() {
	add endpoint "$endpoint"
	add code "$verdict"
	add expires "$expires"
	add agent_source "$agent_source"
	add agent_retry "$retry"
	add watcher "$watcher"
	add on_ready "$on_ready"
	add todo "$todo"
}

print_status() {
	printf '%s\n' "ssmwake $version: $sentence
  role         ${role:-none}${wanted:+ (wanted: $wanted)}
  credentials  ${expires:+valid until }${expires:-${verdict:-none}}
  agent        $agent${unit:+ ($unit)}${agent_source:+, uses $agent_source}${retry:+, tries again in $retry}
  watcher      $watcher${on_ready:+
  on-ready     $on_ready}${error:+
  its log      $error}
next: $todo" | tr -dc ' -~\n'
}

# Print the command that runs this script with $1, as it can be pasted: the PATH of sudo may lack /usr/local/sbin.
command_line() {
	line=${self:-ssmwake.sh}
	case $line in
	*[!A-Za-z0-9/._+-]*) line="'$(printf %s "$line" | sed "s/'/'\\\\''/g")'" ;;
	esac
	[ -x "$self" ] || line="sh $line"
	printf 'sudo %s\n' "$line $1"
}

# Leaves the path of this script in $self; nothing where it came through a pipe.
find_self() {
	case $0 in
	/*) self=$0 ;;
	*) self=$PWD/$0 ;;
	esac
	[ -f "$self" ] || self=$(command -v "$0")
	grep -qsx "version=$version" "$self" || self=''
}
