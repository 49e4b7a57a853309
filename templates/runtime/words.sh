# What a reason means: a sentence, and what to do next. Both are for people; programs read the reason.

# Leaves the sentence in $sentence, and in $todo a command that can be pasted, or what to do where no command helps.
explain() {
	todo='' sentence="the agent is ${reason#agent-}"
	case $reason in
	ready) sentence="the agent is online; the role is $role" todo=nothing ;;
	agent-online) todo=nothing ;;
	no-role) sentence='IMDS shows no role yet' todo='attach an instance profile that has a role' ;;
	other-role) sentence="the role is $role, not $wanted" todo="attach $wanted, or change SSMWAKE_ROLE in $conf" ;;
	creds-AssumeRoleUnauthorizedAccess)
		sentence="EC2 may not assume role $role" todo='allow ec2.amazonaws.com in its trust policy'
		;;
	creds-[A-Z]*) sentence="IMDS has no credentials for role $role: ${reason#creds-}" ;;
	imds-disabled) sentence='IMDS is switched off' todo='enable the HTTP endpoint in the metadata options' ;;
	imds-unreachable)
		sentence='IMDS does not answer'
		todo='open the way to 169.254.169.254 (routes, firewall, hop limit)'
		;;
	creds-* | imds-* | no-imdsv2 | token-* | role-* | *-body) sentence="IMDS does not answer as it should ($reason)" ;;
	agent-not-installed) sentence='there is no agent' todo='install amazon-ssm-agent' ;;
	agent-unknown) sentence="$manager does not answer" ;;
	agent-masked) todo="sudo systemctl unmask $unit; sudo systemctl restart $unit" ;;
	agent-disabled) todo="sudo systemctl enable --now $unit" ;;
	agent-stopped) sentence='somebody has stopped the agent' todo="sudo systemctl start $unit" ;;
	agent-out-of-sight) todo="sudo systemctl restart $unit" ;;
	agent-not-*) sentence="the agent is not ${reason#agent-not-} yet" ;;
	agent-no-service-manager) sentence='there is neither systemd nor OpenRC' todo='restart the agent by hand' ;;
	esac
}
