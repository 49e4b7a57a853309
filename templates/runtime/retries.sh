# When the agent tries again by itself, in minutes after its start, as its source has it. The doctor has the same
# numbers, and a test compares them.

# After a role that is missing or refused, for the k-th time between 25k and 30k.
refused_from=25 refused_to=30
# After any other error, and while it hibernates; then every hour.
backoff_tries='5 15 25 35 55 75 95 135 175 215' backoff_last=60

# Leaves the window in $retry.
describe_retry() {
	age=$((age / 60)) from=0 to=$backoff_last
	for word in $backoff_tries; do
		[ "$word" -le $age ] || [ $to != $backoff_last ] || to=$((word - age))
	done
	# The first three times that it goes to sleep, its log says for how long.
	read_log 'Core Agent|Sleeping for '
	value=${line##*'Sleeping for '}
	value=${value%%m*}
	case $value in
	'' | *[!0-9]*) value='' ;;
	*) value=$((value - ($(date +%s) - logged) / 60)) ;;
	esac
	case $agent:$value:$error in
	asleep:[0-9]*) from=$value to=$((value + 1)) ;;
	asleep:*AccessDenied* | asleep:*:)
		# It can be told to sleep for less.
		limit=$(grep -o 'RetryMaxSleepSeconds[": ]*[0-9]*' "$root/etc/amazon/ssm/amazon-ssm-agent.json" | tr -dc 0-9)
		[ -z "$limit" ] || refused_from=0 refused_to=$((limit / 60))
		value=$((age / refused_to + 1))
		from=$((value * refused_from - age)) to=$((value * refused_to - age))
		;;
	asleep:* | hibernating:*) ;;
	*) return ;;
	esac
	retry="$((from > 0 ? from : 0)) to $to min"
} 2>/dev/null
