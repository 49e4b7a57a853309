# IMDSv2: the session token, the role, its credentials. Never IMDSv1: an instance may require tokens, and none forbids
# them.

# GET $1, and $2 if there is one, with the token, which lives in this variable only; a 401 means that it is gone, so
# once more with a new one. Its six hours end early here.
get() {
	for _ in 1 2; do
		if [ -z "$token" ] || [ $((now - token_since)) -gt 21000 ]; then
			token=''
			request 'X-aws-ec2-metadata-token-ttl-seconds: 21600' PUT api/token
			case $reason in
			imds-forbidden) reason='imds-disabled' ;;
			imds-http-40[45]) reason='no-imdsv2' ;;
			imds-http-400) reason='token-rejected' ;;
			esac
			[ ${#body} -le 1024 ] || body=''
			case $reason$body in
			'' | *[!A-Za-z0-9_=+/.-]*) reason=${reason:-token-garbled} ;;
			esac
			[ -z "$reason" ] || return
			token=$body token_since=$now
		fi
		request "X-aws-ec2-metadata-token: $token" GET "$@"
		[ "$reason" = imds-http-401 ] || return 0
		token='' reason='token-refused'
	done
}

# Put into $value what the JSON object $1 holds under the key $2. The document is split at its quotes: linear, where
# cutting it with `${1#*key}` is quadratic. Neither names nor values of IMDS hold escapes.
field() {
	value='' state=''
	set -f
	IFS='"'
	for word in $1; do
		case $state:$word in
		:"$2") state=1 ;;
		1:*[![:space:]:]*) state='' ;;
		1:*:*) state=2 ;;
		2:*) value=$word state=3 ;;
		# What no quote ends was cut off.
		3:*) state=4 ;;
		esac
	done
	unset IFS
	set +f
	[ "$state" = 4 ] || value=''
}

# Look once: is the role there, and are its credentials good? Leaves $reason (ready when they are) and $id.
poll_imds() {
	polls=$((polls + 1))
	verdict=''
	get meta-data/iam/info meta-data/iam/security-credentials/
	case $reason in
	'') read_role ;;
	imds-http-404) reason=no-role ;;
	# The other address, next time: a host without IPv4 for IMDS has it at the second one.
	imds-unreachable)
		set -- "$endpoint"
		endpoint=$other other=$1
		;;
	esac
}

# The name in the list proves little: IMDS can serve a document that says why there are no credentials.
read_role() {
	reason='role-list-garbled'
	body=${body%%"$nl"*}
	case $body in
	'' | *[!A-Za-z0-9_+=,.@-]*) return ;;
	esac
	role=$body
	field "$info" InstanceProfileId
	case $value in
	*[!A-Z0-9]*) value='' ;;
	esac
	profile=$value id=$value/$role
	reason='other-role'
	[ "${wanted:-$role}" = "$role" ] || return
	reason=ready
	same "$announced" && [ -z "$expired" ] && [ "$mode" != status ] && return
	get "meta-data/iam/security-credentials/$role"
	[ -z "$reason" ] || return
	field "$body" Code
	case $value in
	Success) ;;
	*[!A-Za-z]* | '') reason='creds-garbled' value='' ;;
	*) reason=creds-$value ;;
	esac
	verdict=$value
	for key in AccessKeyId SecretAccessKey Token Expiration; do
		field "$body" $key
		[ "$value" ] || reason=${reason:-creds-missing-$key}
	done
	[ -z "$reason" ] || return
	reason=ready expired='' expires=$value
	# Old credentials are served on purpose in an outage, and the clock of a first boot may be wrong: a warning only.
	expr "$expires" \< "$(date -u +%FT%TZ)" >/dev/null && expired=yes
}

# Is $1 the identity that IMDS shows? AccessKeyId rotates every hour, so it is none. A profile that a busy IMDS did not
# tell is not another profile.
same() {
	[ "${1#*/}" = "$role" ] || return
	[ -z "$profile" ] || [ -z "${1%%/*}" ] || [ "${1%%/*}" = "$profile" ]
}
