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
