# The commands and their options, as --help prints them; anything else is refused.

# Leaves the options of the command $1 in $usage, and what it does in $purpose; fails where there is no such command.
describe() {
    usage=''
    case $1 in
    status)
        usage='[--role NAME] [--endpoint URL] [--json]'
        purpose='say whether the agent is online, and what to do if it is not'
        ;;
    run)
        usage='[--role NAME] [--timeout TIME] [--poll TIME] [--endpoint URL] [--restart] [--json]'
        purpose='wait for the role, wake the agent, and look until it is online (--restart: even if it is online now)'
        ;;
    wait)
        usage='[--role NAME] [--timeout TIME] [--poll TIME] [--endpoint URL] [--json]'
        purpose='wait for the credentials of the role only; needs no root'
        ;;
    watch)
        usage='[--role NAME] [--poll TIME] [--endpoint URL]'
        purpose='wake the agent whenever a role arrives; the service does this'
        ;;
    install)
        usage='[--role NAME] [--timeout TIME] [--poll TIME] [--no-start]'
        purpose='put the script and its service in place, and the options into the settings (--no-start: for images)'
        ;;
    uninstall) purpose='remove the script, the service, the settings and the state' ;;
    on-ready) purpose="run $hook, once for each role and instance; a service does this" ;;
    *) return 1 ;;
    esac
}

# Print the help of the commands in the arguments.
print_help() {
    for word; do
        describe "$word"
        echo "ssmwake $word${usage:+ $usage}
    $purpose"
    done
    echo "TIME is 90, 90s, 10m or 1h; URL is where IMDS answers. The settings are in $conf."
    exit
}
