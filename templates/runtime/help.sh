# What --help prints.

print_help() {
    echo 'usage: ssmwake COMMAND [OPTION]...
Wakes the SSM agent when the IAM role of this EC2 instance arrives.'
    for mode in status run wait watch install uninstall; do
        describe
        echo "  $mode: $line"
    done
    echo 'COMMAND --help lists its options. --version prints the version. Settings are in /etc/ssmwake.conf.
Exit codes: 0 fine, 64 usage, 69 this machine cannot, 71 the agent does not come up, 73 a file, 75 not in time,
77 not root, 78 somebody must fix the configuration.'
    exit
}

print_help_of_command() {
    describe
    echo "usage: ssmwake $mode${options:+ [OPTION]...}
$line"
    for key in $options; do
        case $key in
        role) echo '  --role NAME      wait for this role, and past any other' ;;
        timeout) echo '  --timeout TIME   how long to wait, such as 90, 90s or 10m' ;;
        poll) echo '  --poll TIME      the pause between two looks while there is no role' ;;
        endpoint) echo '  --endpoint URL   where IMDS is, with the port' ;;
        json) echo '  --json           print one line for programs' ;;
        restart) echo '  --restart        restart an agent that is online, too' ;;
        no-start) echo '  --no-start       start nothing; for images' ;;
        esac
    done
    exit
}

describe() {
    case $mode in
    status) line='say whether the agent is online, and what to do if it is not' ;;
    run) line='wait for the role, wake the agent, and look until it is online' ;;
    wait) line='wait for the credentials of the role only; needs no root' ;;
    watch) line='wake the agent whenever a role arrives; what the service runs' ;;
    install) line='put this script and its service in place, and the options into /etc/ssmwake.conf' ;;
    uninstall) line='remove the script, the service, the settings and the state' ;;
    on-ready) line='run /etc/ssmwake.on-ready, once for each role and instance' ;;
    esac
}
