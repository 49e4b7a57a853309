#!/bin/sh
# Rendered by ssmwake from templates/runtime/; do not edit.

# Where everything is, and what can be set. Flags win over the environment, the environment over /etc/ssmwake.conf, and
# that over the defaults.

version=0.1.0

# Every path hangs off one root, so that tests and `ssmwake try` can run without being root and leave no trace.
root=${SSMWAKE_ROOT-}
conf=$root/etc/ssmwake.conf
hook=$root/etc/ssmwake.on-ready
lib=$root/var/lib/ssmwake
run=$root/run/ssmwake
ssm=$root/var/lib/amazon/ssm
nl='
'

load_settings() {
    if [ -e "$conf" ] && [ ! -r "$conf" ]; then
        finish cannot-read "$conf; it holds no secret: sudo chmod 644 $conf"
    fi
    # The file is read line by line and never sourced: a setting is data, even in a file that belongs to root.
    while IFS= read -r line || [ "$line" ]; do
        case ${line%%=*} in
        *[!A-Z_]*) ;;
        SSMWAKE_*) eval ": \"\${${line%%=*}=\${line#*=}}\"" ;;
        esac
    done 2>/dev/null <"$conf"
    wanted=${SSMWAKE_ROLE-}
    is_role "${wanted:-any}" || finish bad-setting "SSMWAKE_ROLE: '$wanted' is not the name of a role"
    load_times TIMEOUT 10m
    timeout=$times
    load_times POLL 5s
    poll=$times
    load_times POLL_HEALTHY 20s
    poll_healthy=$times
    load_times RESTART_AFTER '10s 20s 40s 80s 160s 5m 10m'
    pauses=$times
    connect=off
    [ "${SSMWAKE_INSTANCE_CONNECT-yes}" != yes ] || connect=no-unit
}

is_role() {
    case $1 in
    *[!A-Za-z0-9_+=,.@-]*) return 1 ;;
    esac
    [ "$1" ] && [ ${#1} -le 64 ]
}

# Put into $times the setting SSMWAKE_$1, or the default $2, in seconds: a time or several.
load_times() {
    eval "list=\${SSMWAKE_$1-$2}"
    times=''
    set -f
    for word in ${list:-none}; do
        read_time "$word" || finish bad-setting "SSMWAKE_$1: '$word' is not a time such as 90, 90s or 10m"
        times="${times:+$times }$seconds"
    done
    set +f
}

# Put into $seconds the time $1, such as 90, 90s, 10m or 1h; fails where it is none, or longer than a day.
read_time() {
    seconds=${1%[smh]}
    case $seconds in
    '' | 0* | *[!0-9]* | ??????*) return 1 ;;
    esac
    case $1 in
    *m) seconds=$((seconds * 60)) ;;
    *h) seconds=$((seconds * 3600)) ;;
    esac
    [ "$seconds" -le 86400 ]
}

# Sentences go to standard error, and only when something changed; standard output has one line of JSON, at the end.

# Say once that something changed, until something else does: `ssmwake: TIME WORD: sentence`. docs/runtime.md lists the
# words, and programs read the line back from the journal and the console.
tell() {
    [ "$1: $2" = "$told" ] || print_line "$(date -u +%Y-%m-%dT%H:%M:%SZ) $1: $2"
    told="$1: $2"
}

# What comes from IMDS or a file may hold anything, and a terminal takes control characters for commands.
print_line() {
    {
        printf 'ssmwake: %.400s' "$1" | tr -dc '[:print:]'
        echo
    } >&2 2>/dev/null
}

# End because of $1, with the sentence $2 about it. The status says who can help. 64: the caller; 69: nobody, this
# machine cannot; 71: the agent did not come up; 73: the file system; 75: time; 77: root; 78: whoever owns the
# configuration.
finish() {
    trap - HUP INT TERM
    reason=$1
    [ -z "$lock" ] || rm -f "$lock"
    [ -z "${2-}" ] || tell "$1" "$2"
    case $1:$mode in
    signal:*) ;;
    ready:* | installed:* | uninstalled:* | already-running:* | agent-not-seeded:*) code=0 ;;
    agent-not-installed:run | agent-masked:run | agent-disabled:run | agent-stopped:run) code=0 ;;
    usage:*) code=64 ;;
    imds-disabled:* | no-[!r]* | agent-no-service-manager:*) code=69 ;;
    cannot-*) code=73 ;;
    need-root:*) code=77 ;;
    creds-[A-Z]* | agent-masked:* | bad-setting:*) code=78 ;;
    restart-* | agent-[!u]* | on-ready-failed:*) code=71 ;;
    *) code=75 ;;
    esac
    now
    if [ "$watcher" ] && [ -z "$json" ]; then
        print_status
    else
        print_report
    fi 2>/dev/null
    exit "$code"
}

print_report() {
    ok=false
    [ "$code" != 0 ] || ok=true
    report="\"v\":1,\"version\":\"$version\",\"ok\":$ok,\"exit\":$code"
    add reason "$reason"
    add role "$role"
    add profile "$profile"
    add action "$action"
    add unit "$unit"
    add agent "$agent"
    add instance_connect "$connect"
    report="$report,\"waited_s\":$((now - start)),\"polls\":$polls,\"http\":$http"
    add client "${client##*/}"
    [ -z "$watcher" ] || add_status
    [ -z "$expired" ] || report="$report,\"expired\":true"
    printf '%s\n' "{$report}"
}

# Add the text $2 to the report under the key $1, as JSON spells it; without control characters.
add() {
    value=$2
    case $value in
    *[\"\\]* | *[!\ -~]*) value=$(printf %s "$value" | tr -dc '[:print:]' | sed 's/["\\]/\\&/g') ;;
    esac
    report="$report,\"$1\":\"$value\""
}

# What a reason means: a sentence, and what to do next. Both are for people; programs read the reason.

# Leaves the sentence in $sentence, and in $todo a command that can be pasted, or what to do where no command helps.
explain() {
    todo=''
    case $reason in
    ready) sentence="the agent is online with role $role" todo=nothing ;;
    no-role)
        sentence='this instance has no role yet: IMDS shows none'
        todo='attach an instance profile that has a role'
        ;;
    other-role)
        sentence="the role is $role, and $wanted is wanted"
        todo="attach the role $wanted, or change SSMWAKE_ROLE in $conf"
        ;;
    creds-AssumeRoleUnauthorizedAccess)
        sentence="EC2 may not assume role $role"
        todo='allow ec2.amazonaws.com in its trust policy'
        ;;
    creds-[A-Z]*) sentence="IMDS has no credentials of role $role: ${reason#creds-}" ;;
    imds-disabled)
        sentence='IMDS is switched off for this instance'
        todo='aws ec2 modify-instance-metadata-options --http-endpoint enabled --instance-id ID'
        ;;
    imds-unreachable) sentence='IMDS does not answer' todo='allow 169.254.169.254 in routes and firewall' ;;
    creds-* | imds-* | no-imdsv2 | token-* | role-* | *-body) sentence="IMDS does not answer as it should ($reason)" ;;
    agent-asleep) sentence='the agent is asleep: it found no working role when it looked' ;;
    agent-hibernating) sentence='the agent hibernates: Systems Manager refused it' ;;
    agent-down) sentence='the agent has ended, and systemd has not started it again' ;;
    agent-not-installed) sentence='there is no agent' todo='install amazon-ssm-agent' ;;
    agent-masked) sentence='the agent is masked' todo="sudo systemctl unmask --now $unit" ;;
    agent-disabled) sentence='the agent is disabled' todo="sudo systemctl enable --now $unit" ;;
    agent-no-service-manager) sentence='there is neither systemd nor OpenRC' todo='restart the agent by hand' ;;
    *) sentence="the agent is ${reason#agent-}" ;;
    esac
}

# Time since boot: it costs no process, and does not step when NTP sets the clock.

now() {
    # A chroot in which an image is built may have no /proc.
    read -r now _ 2>/dev/null </proc/uptime || now=$(date +%s)
    now=${now%.*}
}

# The two stand-ins for curl: they send and receive, and read nothing of it. Arguments: a place to connect to, then paths; on
# standard input how many seconds a reply may take, the method and the header, which holds the token. They print each reply
# as it comes, and `~`.

# In Python: n and p the place, u the paths, t the seconds, v the method, h the header, s the socket. It takes no more than
# 99 times 99 bytes; what comes in smaller pieces or later than that is not IMDS.
python_client='import os,signal,socket,sys
_,n,p,*u=sys.argv
t,v,h=input().split(" ",2)
for x in u:
 signal.alarm(int(t))
 s=socket.create_connection((n,p))
 s.sendall(f"{v} /latest/{x} HTTP/1.0\r\nHost: {n}\r\n{h}\r\n\r\n".encode())
 for _ in range(99):os.write(1,s.recv(99))
 os.write(1,b"~")'

# In bash: what a read got before the connection was reset is lost, so the first line has a read of its own.
# shellcheck disable=SC2016 # its variables are its own
bash_client='set +x
read -r limit verb header
for path; do
    exec 3<>/dev/tcp/$0
    printf "$verb /latest/$path HTTP/1.0\r\nHost: ${0%/*}\r\n$header\r\n\r\n" >&3
    read -r -u 3 status
    IFS= read -r -u 3 -t $limit -d "" -N 9800 line
    printf "%s\n%s~" "$status" "$line"
done'

# One request to IMDS, by curl, python3 or bash: whichever the image has. One process for all paths of a request.
#
# The session token travels on standard input, never in argv. Proxies and .curlrc are for the world outside, not for a
# link-local address. Bodies are cut at 8 KiB: real ones have 2, and `${x#*y}` in sh is quadratic.

find_client() {
    # yash keeps the variable of a loop to the function, so none of ours is used after its loop.
    for word in curl python3 bash; do
        client=$word
        command -v "$word" >/dev/null 2>&1 && return
    done
    client=''
    finish no-http-client 'there is no curl, python3 or bash to ask IMDS with; install one'
}

# $1 a header, $2 the method, then one path or two. Leaves the reply to the first in $info; of the last the text in $body,
# the status in $http, and in $reason why that is no good answer.
request() {
    line=$1 verb=$2 place=${endpoint#*//} limit=$((deadline - now < 2 ? 1 : 2))
    name=${place%:*}
    name=${name#[}
    name=${name%]}
    shift 2
    last=$#
    case $client in
    # -q must come first, or .curlrc is read. --limit-rate keeps a reply small until -m ends it.
    curl)
        line="header = \"$line\""
        set -- curl -qsgiK - --noproxy '*' -m $limit --limit-rate 8k -w '~' -X "$verb" \
            "$endpoint/latest/$1" ${2:+"$endpoint/latest/$2"}
        ;;
    bash)
        line="$limit $verb $line"
        set -- timeout 3 bash -c "$bash_client" "$name/${place##*:}" "$@"
        ;;
    *)
        line="$limit $verb $line"
        set -- python3 -ISc "$python_client" "$name" "${place##*:}" "$@"
        ;;
    esac
    # bash has a word to say about each zero byte.
    { line=$(echo "$line" | "$@"); } 2>/dev/null
    # Split at the marks: linear, where `${line%%~*}` is quadratic in bash and mksh. No good answer holds a `~`.
    set -f
    IFS='~'
    # shellcheck disable=SC2086 # this is the splitting
    set -- $line
    unset IFS
    set +f
    info=${1-}
    # A client that was cut off has not asked for all.
    [ $# -gt $last ] || last=$#
    eval "line=\${$last}"
    # Each of these finds what it looks for in the head, so none takes long.
    body=${line#*"$nl"?"$nl"} http=${line#* } size=${line#*ontent-?ength: }
    http=${http%%[!0-9]*} size=${size%%[!0-9]*}
    # No string holds a zero byte, so a binary answer is never as long as it says.
    case $body in
    *[!\ -~[:space:]]*) size=${#body} ;;
    esac
    case $http:$size in
    200:"${#body}") reason='' ;;
    200:*) reason='partial-body' ;;
    429:* | 5??:*) reason='imds-busy' ;;
    403:*) reason='imds-forbidden' ;;
    [1-4]??:*) reason=imds-http-$http ;;
    *) reason='imds-unreachable' http=0 ;;
    esac
    [ ${#body} -le 8192 ] || reason='oversize-body'
}

# IMDSv2: the session token, the role, its credentials. Never IMDSv1: an instance may require tokens, and none forbids them.

# GET $1, and $2 if there is one, with the token, which lives in this variable only; a 401 means that it is gone, so once
# more with a new one. Its six hours end early here.
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
        1:*[!\ :]*) state='' ;;
        1:*:*) state=2 ;;
        2:*)
            value=$word
            break
            ;;
        esac
    done
    unset IFS
    set +f
}

# Look once: is the role there, and are its credentials good? Leaves $reason (ready when they are) and $id.
poll_imds() {
    polls=$((polls + 1))
    expires='' verdict=''
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
    same "$announced" && [ "$mode" != status ] && return
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
    reason=ready expires=$value
    # Old credentials are served on purpose in an outage, and the clock of a first boot may be wrong: a warning only.
    expr "$expires" \< "$(date -u +%FT%TZ)" >/dev/null && expired=yes
}

# Is $1 the identity that IMDS shows? AccessKeyId rotates every hour, so it is none. A profile that a busy IMDS did not
# tell is not another profile.
same() {
    [ "${1#*/}" = "$role" ] || return
    [ -z "$profile" ] || [ -z "${1%%/*}" ] || [ "${1%%/*}" = "$profile" ]
}

# The SSM agent: which unit it is, and whether it is asleep, hibernating or online. `is-active` says active in all three.

# Leaves the properties of the unit $1 in $state, a line each; fails where there is such a unit. No --value: systemd 219
# has none.
absent() {
    state=$(systemctl show -pLoadState,SubState,MainPID,UnitFileState "$1" 2>/dev/null)
    case $state in
    '' | *not-found*) ;;
    *) return 1 ;;
    esac
}

find_unit() {
    case $manager in
    systemd)
        # The snap's name first: on Ubuntu a leftover unit of the package can lie beside it.
        for word in snap.amazon-ssm-agent. ''; do
            unit=${word}amazon-ssm-agent.service
            absent $unit || return
        done
        ;;
    openrc)
        unit=amazon-ssm-agent state=State=dead
        find_process amazon-ssm-ag && state="State=running MainPID=$found"
        rc-service -e $unit && return
        ;;
    esac
    unit='' state=not-found
}

# Put into $found a process whose name begins with $1: a child of $2 if that is given, else any.
find_process() {
    found=''
    for word in /proc/[0-9]*; do
        examine "${word#/proc/}" "$1" || continue
        case $parent:$root in
        "${2:-$parent}":*)
            found=${word#/proc/}
            return
            ;;
        # An agent that died leaves its worker behind, and the next one takes it over.
        1:) found=${word#/proc/} ;;
        esac
    done
    [ "$found" ]
}

# Is the name of the process $1 $2? Then its parent, and how many seconds it has lived: the kernel counts its start in
# hundredths.
examine() {
    read -r line 2>/dev/null <"/proc/$1/stat" || return
    case $line in
    *"($2"*) ;;
    *) return 1 ;;
    esac
    # shellcheck disable=SC2086 # split at blanks: what follows the name, in parentheses, starts with field 3
    set -- ${line##*") "}
    parent=$2 age=$((now - ${20} / 100))
}

# Leaves one word in $agent. Costs no process while the agent and the worker that were seen last still run.
look() {
    if ! examine "$pid" amazon-ssm-ag; then
        pid='' worker=''
        find_unit
        agent=starting
        case $manager:$state in
        :*) agent=no-service-manager ;;
        *not-found*) agent=not-installed ;;
        *LoadState=masked*) agent=masked ;;
        *State=running*)
            pid=${state##*MainPID=}
            pid=${pid%%[!0-9]*}
            ;;
        *State=dead*=disabled*) agent=disabled ;;
        *State=dead*) agent=stopped ;;
        *State=failed* | *State=auto-restart*) agent=down ;;
        *State=stop* | *State=final*) agent=stopping ;;
        esac
        [ "$pid" ] || return 0
    fi
    # The child that it starts when it has credentials; the kernel cuts its name at 15 characters.
    if ! examine "$worker" ssm-agent-worke; then
        seen_online=-300
        find_process ssm-agent-worke "$pid"
        worker=$found
    fi
    agent=online
    if [ -z "$worker" ]; then
        # Its first attempt takes a moment; only then does no worker mean that it sleeps.
        agent=starting
        examine "$pid" amazon-ssm-ag && [ "$age" -lt 5 ] || agent=asleep
    elif [ $((now - seen_online)) -ge 300 ]; then
        if connected; then
            lost='' seen_online=$now
        else
            # It reconnects by itself, and needs a second at its start; one that was denied never has a connection.
            lost=${lost:-$now}
            agent=connecting
            [ $((now - lost)) -lt "$patience" ] || agent=hibernating
        fi
    fi
}

# Does the worker hold an established connection to anything but IMDS? That is Session Manager's channel: the one local
# signal that tells online from hibernating. From /proc, as `ss` is not in every image; any port, as a proxy may have any.
connected() {
    # Not allowed to look (it takes CAP_SYS_PTRACE): then the worker is all there is to go by.
    line=$(ls -l "/proc/$worker/fd" 2>/dev/null) || return 0
    list=none
    for word in $line; do
        case $word in
        socket:*)
            word=${word#*"["}
            list="$list|${word%"]"}"
            ;;
        esac
    done
    # A row is: number, local and remote address, state (01: established), five more, inode; no other column is 01.
    grep -hE " 01 ([^ ]+ +){5}($list) " "/proc/$worker/net"/tcp* 2>/dev/null |
        grep -qv FEA9FEA9:0050
}

# Waking the agent: the quick way for one that sleeps, the orderly way for any other; never more often than the ladder says.

# Bounded, as a manager that hangs must not take the watcher with it.
control() {
    timeout 20 systemctl --no-block "$@" >/dev/null 2>&1
}

wake() {
    # The watcher is at it; a second restart within seconds costs the agent another ten.
    if [ "$mode$force" = run ] && alive watch; then
        woken=$((woken ? woken : now))
        return 1
    fi
    told='' woken=$now healthy=0 lost='' action=restarted
    tell restarting "$unit, which is $agent; the role is $role"
    # A sleeping agent takes 7 s to stop and has nothing to lose; but a document in flight means that it is not asleep.
    set -- "$ssm"/*/document/state/current/*
    # We may be the agent's grandchild: the reply must go out before the agent ends, or the command never does.
    if [ "${AWS_SSM_INSTANCE_ID-}" ] && [ "$manager" = systemd ]; then
        action=scheduled
        systemd-run sh -c "sleep 5; systemctl restart $unit"
    elif [ "$manager" = openrc ]; then
        rc-service "$unit" restart
    else
        [ "$agent" != asleep ] || [ -e "$1" ] || kill -KILL "$pid"
        # Five starts within ten seconds, and systemd starts it no more until it is told to forget that.
        [ "$agent" != down ] || control reset-failed "$unit"
        control restart "$unit"
    fi >/dev/null 2>&1 || action=restart-failed
    pid='' agent=starting
    # If this does not bring it online: the ladder's next pause, a little more for some in a fleet; its last one repeats.
    # IAM needs time to be consistent, and an agent that meets AccessDenied sleeps for another 25 minutes.
    value=${ladder%% *}
    ladder=${ladder#"$value" }
    due=$((now + value + ${$} % (value / 20 + 1)))
    [ "$action" != restart-failed ]
}

# The unit that harvested host keys has had two names and is gone since 1.1.19. It never was what serves the role.
find_instance_connect() {
    case $manager:$connect in
    *:off | openrc:* | :*) return ;;
    esac
    connect=no-unit
    for word in ec2-instance-connect ec2-instance-connect-harvest-hostkeys; do
        absent $word.service || connect=$word
    done
    [ "$connect" = no-unit ] || [ "$mode" = status ] || control restart $connect.service
}

# on-ready: what wants the role runs when it is there, once per identity.

# Units that want the role start with the target, whatever the agent does; ours is one of them.
announce() {
    announced=$id
    tell role "IMDS serves the credentials of role $role"
    save_state
    [ "$mode" != watch ] || control restart ssmwake-ready.target || sh "$self" on-ready >/dev/null &
}

# Run by a unit of its own: the commands are not confined as the watcher is. No stamp after a failure, so that the next
# boot tries again.
on_ready() {
    id=unknown
    read -r _ id 2>/dev/null <"$run/state"
    if [ -f "$hook" ] && ! grep -qxF "$id" "$lib/ready" 2>/dev/null; then
        HOME=/root sh "$hook" 2>&1 || finish on-ready-failed "a command of $hook failed"
        echo "$id" >>"$lib/ready"
    fi
    finish ready
}

# The loop of wait, run and watch: look at IMDS, look at the agent, act, pause.

loop() {
    since=$start
    [ "$mode" = watch ] || deadline=$((start + timeout))
    while :; do
        now
        poll_imds
        if [ "$reason" = ready ]; then
            refusals=0
            same "$announced" || announce
            [ "$mode" != wait ] || finish ready
            tend
        else
            not_ready
        fi
        [ "$now" -lt "$deadline" ] || give_up
        choose_pause
        # In the background, so that a signal ends the pause at once and not when it is over.
        sleep $((deadline - now < pause ? deadline - now : pause)) &
        sleeper=$!
        wait $sleeper
    done
}

# Often while somebody may be waiting, seldom while all is well. No fleet can press on AWS this way: link-local only.
choose_pause() {
    pause=$poll
    if [ "$refusals" -gt 2 ]; then
        pause=300
    elif [ "$healthy" = 1 ]; then
        pause=$poll_healthy
    elif [ $((now - since)) -lt 60 ]; then
        pause=1
    elif [ $((now - since)) -lt 600 ] && [ "$poll" -gt 2 ]; then
        pause=2
    fi
}

# Nothing that IMDS says or fails to say is a reason to restart; only the absence of a role makes us forget the one we had.
not_ready() {
    explain
    tell waiting "$sentence ($reason)"
    case $reason in
    imds-disabled | no-imdsv2)
        refusals=$((refusals + 1))
        [ "$refusals" -lt 3 ] || [ "$mode" = watch ] || give_up
        ;;
    no-role)
        [ -z "$announced" ] || since=$now
        fresh='' applied='' announced='' healthy=0 role='' profile=''
        save_state
        ;;
    esac
}

give_up() {
    case $reason:$agent in
    ready:down) reason='restart-failed' ;;
    ready:stopping) reason='restart-hang' ;;
    ready:not-installed) reason='agent-not-seeded' ;;
    ready:*) reason='agent-unregistered' ;;
    esac
    finish "$reason"
}

# The role is there: does the agent know?
tend() {
    look
    same "$applied" || meet_role || return
    case $agent in
    online)
        [ "$healthy" = 1 ] || tell online "the agent is online with role $role"
        healthy=1 patience=60
        [ $((now - woken)) -lt 600 ] || ladder=$pauses
        [ "$mode" != run ] || finish ready
        ;;
    asleep | hibernating | down)
        healthy=0
        [ "$now" -lt "$due" ] || wake
        ;;
    stopped)
        case $woken:$action in
        # Whoever stopped an agent that was online meant it.
        0:* | *:queued | *:restart-failed) [ "$healthy" = 1 ] || [ "$now" -lt "$due" ] || wake ;;
        # Right after a restart, ours or the watcher's, its job waits for something such as the end of cloud-final; the
        # role will be there then.
        *)
            if [ $((now - woken)) -ge 5 ]; then
                action=queued
                [ "$mode" != run ] || finish ready
            fi
            ;;
        esac
        ;;
    not-installed | masked | disabled | no-service-manager)
        tell skipped "the agent is $agent"
        healthy=1 action=skipped:$agent
        # A snap that is not seeded yet: its unit comes later in this boot.
        if [ "$agent" = not-installed ] && command -v snap >/dev/null; then
            healthy=0
        elif [ "$mode" = run ]; then
            finish agent-$agent
        fi
        ;;
    esac
    [ "$action:$mode" != scheduled:run ] || finish ready
}

# A role that this agent was not restarted for. One that sleeps needs no more thought: it is due now.
meet_role() {
    case $fresh:$force:$agent in
    yes::*) ;;
    *:online | *:connecting | *:hibernating)
        # Half a change may be all of it, or IMDS shows it in pieces: look once more.
        case $candidate:$applied in
        "$id":*) ;;
        *:"$profile"/* | *:*/"$role")
            candidate=$id since=$now healthy=0
            return 1
            ;;
        esac
        # Each restart is an outage of 8 s: a role that flaps has to wait, three times as long each time.
        if [ "$now" -lt "$calm" ]; then
            tell holding 'the role flaps; the agent is left alone for a while'
            return 1
        fi
        [ $((now - calm)) -lt 3600 ] || gap=60
        calm=$((now + gap)) gap=$((gap * 3)) ladder=$pauses
        wake || return
        ;;
    *:starting | *:stopping) return 1 ;;
    esac
    [ "$woken" = "$now" ] || ladder=$pauses due=0
    [ "$agent" = online ] || find_instance_connect
    applied=$id
    save_state
    since=$now patience=10 fresh='' force='' candidate=''
}

# In /run: after a reboot the agent has started anew, and its own state decides.
save_state() {
    [ "$mode" != watch ] || { echo "$applied $announced" >"$run/state"; } 2>/dev/null
}

# Does a process of that kind live?
alive() {
    read -r owner 2>/dev/null <"$run/$1.lock" && [ -e "/proc/$owner" ]
}

# One of a kind at a time; a lock of a process that is gone is none.
take_lock() {
    mkdir -p "$run" 2>/dev/null
    alive "$mode" && finish already-running
    if { echo ${$} >"$run/$mode.lock"; } 2>/dev/null; then
        lock=$run/$mode.lock
    else
        tell cannot-write "$run cannot be written; nothing is remembered across a restart of the watcher"
    fi
    fresh=yes
    [ "$mode" = watch ] && read -r applied announced 2>/dev/null <"$run/state" && fresh=''
}

# The recipe's checks in one picture, for people or (--json) for programs.

status() {
    poll_imds
    [ "$reason" != imds-unreachable ] || poll_imds
    look
    find_instance_connect
    watcher=inactive line=''
    ! alive watch || watcher=active
    # A sleeping agent tries again by itself, after 25 to 30 minutes.
    [ "$agent" != asleep ] || retry="$((30 - age / 60 % 30)) min"
    read -r line 2>/dev/null <"$ssm/runtimeconfig/identity_config.json"
    field "$line" CredentialSource
    agent_source=$value
    [ "$reason" != ready ] || [ "$agent" = online ] || reason=agent-$agent
    explain
    case $reason:$todo in
    *:?*) ;;
    agent-starting: | agent-connecting: | agent-stopping:) todo=$(command_line status) ;;
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
    add todo "$todo"
}

print_status() {
    printf '%s\n' "ssmwake $version: $sentence
  role         ${role:-none}${wanted:+ (wanted: $wanted)}
  credentials  ${verdict:-none}${expires:+, until $expires}
  agent        $agent${unit:+ ($unit)}${agent_source:+, uses $agent_source}${retry:+, tries again within $retry}
  watcher      $watcher
next: $todo"
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

# Put the runtime and its units in place, or take them away. Both can be repeated, run twice at once, and be killed at
# any moment.

units=$root/etc/systemd/system
home=$root/usr/local/sbin/ssmwake
rc_script=$root/etc/init.d/ssmwake
# What cloud-init runs at each boot: user data leaves itself there, so that a power cut only delays the installation.
retry_at_boot=$root/var/lib/cloud/scripts/per-boot/ssmwake

install() {
    [ "$self" ] || finish cannot-read 'save the script first, then: sudo sh FILE install'
    # In a chroot no service manager runs; its files say which one will.
    [ -z "$no_start" ] || [ ! -e "$root/lib/systemd/systemd" ] || manager=systemd
    before=$(sed -n 's/.*(ssmwake \(.*\)).*/\1/p' "$units/ssmwake.service" "$rc_script" 2>/dev/null)
    changed='' target=$home line=$(cat "$self")
    # /usr can be read-only; a script that sh is given needs no execute permission, so noexec does not matter.
    try_to_write "$target" "$line" 755 || {
        target=$lib/ssmwake
        write "$target" "$line" 700
    }
    # What was asked for here is what the watcher is to do: in the settings, the first line of a name wins.
    line=$(cat "$conf" 2>/dev/null)
    case $line$nl in
    "$given"*) ;;
    *) line=$given$line ;;
    esac
    # No secret is in it, and a service user may run `ssmwake wait`.
    [ -z "$line" ] || write "$conf" "${line%"$nl"}"
    case $manager in
    systemd) write_units ;;
    openrc)
        write "$rc_script" "#!/sbin/openrc-run
description='Wake the SSM agent when the IAM role arrives (ssmwake $version)'
supervisor=supervise-daemon
command=/bin/sh
command_args='$target watch'" 755
        ;;
    *) finish no-service-manager 'there is neither systemd nor OpenRC' ;;
    esac
    start_watcher || finish restart-failed 'look at: systemctl status ssmwake'
    rm -f "$retry_at_boot"
    case $before:$changed in
    :*) action=installed line="version $version" ;;
    "$version:") action=unchanged line="version $version" ;;
    "$version":*) action=updated line="files or settings of version $version" ;;
    *) action=updated line="from $before to $version" ;;
    esac
    told='' reason=installed
    tell $action "$line"
    finish installed
}

# A start leaves a watcher alone that runs already.
start_watcher() {
    verb=start
    [ -z "$changed" ] || verb=restart
    case $manager:$no_start in
    systemd:*) timeout 60 systemctl enable ssmwake ;;
    *) timeout 60 rc-update add ssmwake default ;;
    esac
    case $manager:$no_start in
    systemd:) timeout 60 systemctl daemon-reload && control $verb ssmwake ;;
    openrc:) timeout 60 rc-service ssmwake $verb ;;
    esac
} >/dev/null 2>&1

write() {
    try_to_write "$@" || finish cannot-write "$1"
}

# Write the text $2 to the file $1, with the mode $3 or 644: whole or not at all. A file that is right already is left
# alone.
try_to_write() {
    [ "$(cat "$1")" = "$2" ] && chmod "${3:-644}" "$1" && return
    # A unit that somebody masked is a link to a device, and stays masked; into a folder mv would move the file.
    [ ! -d "$1" ] && [ ! -c "$1" ] && (umask 022 && mkdir -p "${1%/*}") &&
        printf '%s\n' "$2" >"$1.${$}" && chmod "${3:-644}" "$1.${$}" && mv -f "$1.${$}" "$1" && changed=yes
} 2>/dev/null

# Confined to what it does: ask IMDS, look at /proc, tell systemd to restart. Older systemd ignores the directives that
# it does not know, and has no Type=exec.
write_units() {
    # Before 239 the group is unknown, and what is left is a filter that lets nothing pass: Amazon Linux 2 has 219.
    line="SystemCallFilter=@system-service$nl"
    case $(timeout 20 systemctl --version) in
    '' | 'systemd 2'[0-2]* | 'systemd 23'[0-8]*) line='' ;;
    esac
    write "$units/ssmwake.service" "[Unit]
Description=Wake the SSM agent when the IAM role arrives (ssmwake $version)
Documentation=file:$target
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh $target watch
Restart=always
RestartSec=15
RestartPreventExitStatus=64 78
SuccessExitStatus=143
SyslogIdentifier=ssmwake
StandardError=journal+console
RuntimeDirectory=ssmwake
RuntimeDirectoryPreserve=yes
TasksMax=16
MemoryMax=64M
UMask=0077
CapabilityBoundingSet=CAP_SYS_PTRACE
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
${line}IPAddressDeny=any
IPAddressAllow=169.254.169.254 fd00:ec2::254
[Install]
WantedBy=multi-user.target"
    write "$units/ssmwake-ready.target" "[Unit]
Description=The IAM role is there (ssmwake)
Wants=ssmwake-on-ready.service"
    write "$units/ssmwake-on-ready.service" "[Unit]
Description=Run /etc/ssmwake.on-ready (ssmwake $version)
[Service]
ExecStart=/bin/sh $target on-ready
SyslogIdentifier=ssmwake
StandardError=journal+console"
}

uninstall() {
    action=uninstalled
    case $manager in
    systemd) timeout 60 systemctl disable --now ssmwake ssmwake-ready.target ;;
    openrc)
        timeout 60 rc-service ssmwake stop
        timeout 60 rc-update del ssmwake
        ;;
    esac >/dev/null 2>&1
    rm -rf "$units/ssmwake.service" "$units/ssmwake-ready.target" "$units/ssmwake-on-ready.service" \
        "$rc_script" "$retry_at_boot" "$home" "$conf" "$hook" "$lib" "$run" || finish cannot-write "$lib"
    timeout 60 systemctl daemon-reload >/dev/null 2>&1
    finish uninstalled
}

# The commands and their options, as --help prints them; anything else is refused.

# Leaves in $usage the options of the command $1 and what it does; fails for anything that is not a command.
describe() {
    usage='[--role NAME] [--poll TIME] [--endpoint URL]'
    case $1 in
    status) usage='[--role NAME] [--endpoint URL] [--json]: say whether the agent is online, and what to do if not' ;;
    run) usage="$usage [--timeout TIME] [--restart] [--json]: wake the agent, and look until it is online" ;;
    wait) usage="$usage [--timeout TIME] [--json]: wait for the role only; needs no root" ;;
    watch) usage="$usage: wake the agent whenever a role arrives; the service does this" ;;
    install) usage='[--role NAME] [--poll TIME] [--timeout TIME] [--no-start]: put script and service in place' ;;
    uninstall) usage=': remove the script, the service, the settings and the state' ;;
    on-ready) usage=": run $hook, once for each role and instance" ;;
    *) return 1 ;;
    esac
}

# Print the help of the commands in the arguments.
print_help() {
    for word; do
        describe "$word"
        echo "ssmwake $word $usage"
    done
    echo "TIME is 90, 90s, 10m or 1h. --restart restarts an agent that is online, too; --no-start is for images."
    exit
}

# The command line. A plain sh runs it: no `local`, no arrays, no `set -e` (each status is looked at where it matters).

# A trace would show the session token. A variable that the caller exports would stay exported under its name, and so each
# process that is started would see in its environment what IMDS answers.
set -u +x
unset -v token line info body value word state list
umask 077
LC_ALL=C
export LC_ALL
unset IFS

main() {
    # With its port, which the client in bash wants to have; and its address on a host without IPv4.
    endpoint=http://169.254.169.254:80 other='http://[fd00:ec2::254]:80'
    mode=${1---help} start=0 deadline=999999999
    polls=0 http=0 woken=0 due=0 token_since=0 refusals=0 calm=0 gap=60 patience=10 seen_online=-300 healthy=0
    action=none agent=unknown connect=off
    # The rest is empty.
    read -r reason role profile id unit client json told lock sleeper token applied announced candidate fresh force \
        given pid worker lost ladder state expired expires verdict agent_source retry no_start self manager \
        target watcher </dev/null
    now
    start=$now
    trap 'on_signal 129' HUP
    trap 'on_signal 130' INT
    trap 'on_signal 143' TERM
    [ $# = 0 ] || shift
    find_self
    read_options "$@"
    load_settings
    ! command -v rc-service >/dev/null 2>&1 || manager=openrc
    [ ! -d "$root/run/systemd/system" ] || manager=systemd
    [ "$root" ] || [ "$(id -u)" = 0 ] || case $mode in
    wait) ;;
    status) tell need-root 'without root, the agent cannot be looked at' ;;
    *) finish need-root "$(command_line "$mode")" ;;
    esac
    case $mode in
    on-ready) on_ready ;;
    install) install ;;
    uninstall) uninstall ;;
    esac
    find_client
    case $mode in
    status) status ;;
    run | watch) take_lock ;;
    esac
    loop
}

read_options() {
    case $mode in
    -h | --help) print_help status run wait watch install uninstall ;;
    --version)
        echo "ssmwake $version"
        exit
        ;;
    esac
    describe "$mode" || refuse "$mode is not a command"
    while [ $# -gt 0 ]; do
        case $1:$usage in
        -h:* | --help:*) print_help "$mode" ;;
        --*"[$1]"*) ;;
        --*"[$1 "*)
            [ $# -gt 1 ] || refuse "$1 needs a value"
            read_value "$1" "$2"
            shift
            ;;
        *) refuse "$1 is not an option of $mode" ;;
        esac
        case $1 in
        --json) json=yes ;;
        --restart) force=yes ;;
        --no-start) no_start=yes ;;
        esac
        shift
    done
}

# The option $1 has the value $2.
read_value() {
    case $1 in
    --endpoint)
        case $2 in
        *[!A-Za-z0-9:/.[\]-]* | *[!0-9]) ;;
        http://*:*) endpoint=$2 other=$2 ;;
        esac
        [ "$endpoint" = "$2" ] || refuse "$1: '$2' is not a URL such as http://169.254.169.254:80"
        return
        ;;
    --role) is_role "$2" || refuse "$1: '$2' is not the name of a role" ;;
    *) read_time "$2" || refuse "$1: '$2' is not a time such as 90, 90s or 10m" ;;
    esac
    line=SSMWAKE_$(echo "${1#--}" | tr '[:lower:]' '[:upper:]')
    eval "$line=\$2"
    given=$given$line=$2$nl
}

# Say what is wrong with the command line, and end.
refuse() {
    print_line "$1; see --help"
    finish usage
}

on_signal() {
    [ -z "$sleeper" ] || { kill "$sleeper" && wait "$sleeper"; } 2>/dev/null
    code=$1
    finish signal
}

main "$@"
