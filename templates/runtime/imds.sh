# IMDSv2: the session token, the role, its credentials. Never IMDSv1: an instance may require tokens, and none forbids them.

roles=/latest/meta-data/iam/security-credentials/

# The token lives in this variable only. Its six hours end early here, so that a poll does not have to meet a 401.
renew_token() {
    [ -n "$token" ] && [ $((now - token_since)) -lt 21000 ] && return
    token=
    request PUT 'X-aws-ec2-metadata-token-ttl-seconds: 21600' /latest/api/token
    next_reply
    case $fault in
    imds-forbidden) fault=imds-disabled ;;
    imds-http-404 | imds-http-405) fault=no-imdsv2 ;;
    imds-http-400) fault=token-rejected ;;
    esac
    case $body in
    *[!A-Za-z0-9_=+/.-]* | '') fault=${fault:-token-garbled} ;;
    esac
    [ ${#body} -le 1024 ] || fault=${fault:-token-garbled}
    [ -z "$fault" ] || return
    token=$body token_since=$now
}

# GET with the token; a 401 means that it expired early, so once more with a new one.
get() {
    for round in 1 2; do
        renew_token || return
        request GET "X-aws-ec2-metadata-token: $token" "$@"
        next_reply
        [ "$status" = 401 ] || return 0
        token=
    done
    fault=token-refused
    return 1
}

# Put into $value what the JSON object $1 holds under the key $2. The document is split at its quotes: linear, where
# cutting it with `${1#*key}` is quadratic. Neither names nor values of IMDS hold escapes.
field() {
    value='' found=''
    set -f
    IFS='"'
    for word in $1; do
        case $found:$word in
        2:*)
            value=$word
            break
            ;;
        1:*[!\ :]*) found= ;;
        1:*:*) found=2 ;;
        :"$2") found=1 ;;
        *) found= ;;
        esac
    done
    unset IFS
    set +f
}

# Look once: is the role there, and are its credentials good? Leaves $reason (ready when they are) and $identity.
poll_imds() {
    polls=$((polls + 1))
    fault=''
    if ! get /latest/meta-data/iam/info "$roles"; then
        reason=$fault
    else
        info=
        [ -n "$fault" ] || info=$body
        next_reply
        reason=$fault
        case $fault in
        imds-http-404) reason=no-role ;;
        '') read_role ;;
        esac
    fi
    # The other address, next time: a host without IPv4 for IMDS has it at the second one.
    case $reason:$endpoint in
    imds-unreachable:"$imds_v4") endpoint=$imds_v6 ;;
    imds-unreachable:"$imds_v6") endpoint=$imds_v4 ;;
    esac
}

read_role() {
    found_role=${body%%"$nl"*}
    found_role=${found_role%"$cr"}
    case $found_role in
    '' | *[!A-Za-z0-9_+=,.@-]*) reason=role-list-garbled ;;
    esac
    [ ${#found_role} -le 64 ] || reason=role-list-garbled
    [ -z "$reason" ] || return
    field "$info" InstanceProfileId
    case $value in
    *[!A-Z0-9]*) value= ;;
    esac
    seen_role=$found_role profile=$value
    if [ "${SSMWAKE_ROLE:-$seen_role}" != "$seen_role" ]; then
        reason=other-role
    elif same_identity "$proven"; then
        reason=ready
    else
        read_credentials
    fi
}

# The name in the list proves little: IMDS can serve a document that says why there are no credentials.
read_credentials() {
    get "$roles$seen_role"
    reason=$fault
    [ -z "$fault" ] || return
    field "$body" Code
    case $value in
    Success) ;;
    '' | *[!A-Za-z]*) reason=creds-garbled ;;
    *) reason=creds-$value ;;
    esac
    [ -z "$reason" ] || return
    for key in AccessKeyId SecretAccessKey Token Expiration; do
        field "$body" $key
        [ -n "$value" ] || reason=creds-missing-$key
    done
    [ -z "$reason" ] || return
    # Old credentials are served on purpose in an outage, and the clock of a first boot may be wrong: a warning only.
    expires=$value
    if expr "x$expires" \< "x$(date -u +%Y-%m-%dT%H:%M:%SZ)" >/dev/null; then
        more=',"expired":true'
        tell "the credentials of $seen_role expired at $expires"
    fi
    proven=$profile/$seen_role
    reason=ready
}

# Is $1 what IMDS shows? AccessKeyId rotates every hour, so it is no identity. A profile that a busy IMDS did not tell is
# not another profile.
same_identity() {
    [ "${1#*/}" = "$seen_role" ] && [ -n "$1" ] || return
    [ -z "$profile" ] || [ -z "${1%%/*}" ] || [ "${1%%/*}" = "$profile" ]
}
