# The SSM agent: which unit it is, and whether it is asleep, hibernating or online. `is-active` says active in all three.

# Leaves the properties of the unit $1 in variables of their names. No --value: systemd 219 has none.
show() {
    LoadState=not-found ActiveState='' SubState='' MainPID=0 UnitFileState=''
    # shellcheck disable=SC2046 # one property a word: none of these holds a blank
    for line in $(systemctl show -p LoadState -p ActiveState -p SubState -p MainPID -p UnitFileState "$1" 2>/dev/null); do
        case $line in
        LoadState=* | ActiveState=* | SubState=* | MainPID=* | UnitFileState=*) eval "${line%%=*}=\${line#*=}" ;;
        esac
    done
}

find_manager() {
    manager=
    if [ -d "$root/run/systemd/system" ]; then
        manager=systemd
    elif command -v rc-service >/dev/null 2>&1; then
        manager=openrc
    fi
}

# The snap's name first: on Ubuntu a leftover unit of the package can lie beside it.
find_unit() {
    for unit in snap.amazon-ssm-agent.amazon-ssm-agent.service amazon-ssm-agent.service; do
        show "$unit"
        [ "$LoadState" = not-found ] || return
    done
    unit=
}

# Leaves one word in $agent. Costs no process while the agent that was seen last still runs.
look_at_agent() {
    if [ -z "$pid" ] || ! named "$pid" amazon-ssm-ag; then
        pid='' socket=''
        case $manager in
        systemd) find_unit ;;
        openrc) find_openrc ;;
        *) LoadState=no-service-manager ;;
        esac
        case $LoadState:$ActiveState:$SubState:$UnitFileState in
        no-s*) agent=no-service-manager ;;
        not-found:*) agent=not-installed ;;
        masked:*) agent=masked ;;
        *:inactive:*:disabled) agent=disabled ;;
        *:inactive:*) agent=stopped ;;
        *:failed:* | *:auto-restart:*) agent=down ;;
        *:deactivating:*) agent=stopping ;;
        *:active:running:*) agent=running pid=$MainPID ;;
        *) agent=starting ;;
        esac
        [ "$agent" = running ] || return
    fi
    find_worker
    if [ -z "$worker" ]; then
        # Its first attempt takes a moment; only then does no worker mean that it sleeps.
        age "$pid"
        agent=starting
        [ $age -lt 5 ] || agent=asleep
    elif connected; then
        agent=online offline_since=
    else
        # A worker reconnects by itself, and needs a second at its start; one that was denied never gets a connection.
        : "${offline_since:=$now}"
        agent=connecting
        [ $((now - offline_since)) -lt "$patience" ] || agent=hibernating
    fi
}

named() {
    read -r name 2>/dev/null <"/proc/$1/comm" || name=
    case $name in
    "$2"*) ;;
    *) return 1 ;;
    esac
}

# The child that the agent starts when it has credentials; the kernel cuts its name at 15 characters.
find_worker() {
    [ -n "$worker" ] && named "$worker" ssm-agent-worke && return
    worker=''
    for list in "/proc/$pid"/task/*/children; do
        kids=''
        # No newline ends this list, so read fails although it has read.
        read -r kids 2>/dev/null <"$list"
        # A kernel without that list: look at everybody.
        [ -e "$list" ] || kids=$(cd /proc && echo [0-9]*)
        for kid in $kids; do
            named "$kid" ssm-agent-worke && parent "$kid" && worker=$kid && return
        done
    done
}

parent() {
    read -r line 2>/dev/null <"/proc/$1/stat" || return
    # shellcheck disable=SC2086 # split at blanks, as in age()
    set -- ${line##*") "}
    [ "$2" = "$pid" ]
}

# Does the worker hold an established connection to anything but IMDS? That is Session Manager's channel: the one local
# signal that tells online from hibernating. From /proc, as `ss` is not in every image; any port, as a proxy may have any.
connected() {
    # The descriptor that held it last time is a cheap answer, for five minutes.
    [ -n "$socket" ] && [ $((now - socket_since)) -lt 300 ] && [ -S "$socket" ] && return
    socket='' list='' sockets=''
    # Not allowed to look (CAP_SYS_PTRACE): then the worker is all there is to go by.
    links=$(ls -l "/proc/$worker/fd" 2>/dev/null) || return 0
    for word in $links; do
        case $word in
        socket:*)
            word=${word#socket:?}
            list="$list|${word%?}"
            sockets="$sockets $descriptor:${word%?}"
            ;;
        '->') ;;
        *) descriptor=$word ;;
        esac
    done
    [ -n "$list" ] || return
    # A row is: number, local and remote address, state (01: established), five more, inode.
    row=$(grep -hE "^ *[0-9]+: [^ ]+ [^ ]+ 01 ([^ ]+ +){5}(${list#|}) " "/proc/$worker/net/tcp" "/proc/$worker/net/tcp6" 2>/dev/null |
        grep -v FEA9FEA9:0050) || return
    # shellcheck disable=SC2086 # the fields of the first row
    set -- $row
    for word in $sockets; do
        [ "${word#*:}" != "${10}" ] || socket=/proc/$worker/fd/${word%%:*}
    done
    socket_since=$now
}

find_openrc() {
    unit=amazon-ssm-agent LoadState=not-found ActiveState=inactive UnitFileState=''
    rc-service -e $unit 2>/dev/null || return
    LoadState=loaded
    for dir in /proc/[0-9]*; do
        MainPID=${dir#/proc/}
        named "$MainPID" amazon-ssm-ag && ActiveState=active SubState=running && return
    done
}
