# Put the runtime and its units in place, or take them away. Both can be repeated, and killed at any moment.

units=$root/etc/systemd/system
home=$root/usr/local/sbin/ssmwake
rc_script=$root/etc/init.d/ssmwake
# What cloud-init runs at each boot: user data leaves itself there, so that a power cut is no end of it.
retry=$root/var/lib/cloud/scripts/per-boot/ssmwake

# Whole or not at all; a file that is right already is left alone.
try_to_write() {
    printf '%s\n' "$2" | cmp -s - "$1" && return
    mkdir -p "${1%/*}" && printf '%s\n' "$2" >"$1.new" && chmod "$3" "$1.new" && mv -f "$1.new" "$1"
} 2>/dev/null

write() {
    try_to_write "$@" || finish cannot-write "$1"
}

install() {
    line=$(cat "$0")
    sh -n "$0" || finish cannot-read "$0"
    target=$home
    # /usr can be read-only; a script that sh is given needs no execute permission, so noexec does not matter.
    try_to_write "$target" "$line" 755 || {
        target=$lib/ssmwake
        write "$target" "$line" 700
    }
    # What was asked for here is what the watcher is to do: in the settings, the first line of a name wins.
    value=$(cat "$conf" 2>/dev/null)
    case $value$nl in
    "$given"*) ;;
    *) write "$conf" "$given$value" 600 ;;
    esac
    action=installed
    case $manager in
    systemd)
        write_units
        systemctl daemon-reload
        systemctl enable ssmwake >/dev/null 2>&1
        control restart ssmwake
        ;;
    openrc)
        write "$rc_script" "#!/sbin/openrc-run
supervisor=supervise-daemon
command=/bin/sh
command_args='$target watch'" 755
        rc-update add ssmwake default >&2
        rc-service ssmwake restart >&2
        ;;
    *) finish no-service-manager ;;
    esac || finish restart-failed
    rm -f "$retry"
    finish installed
}

# Confined to what it does: ask IMDS, look at /proc, tell systemd to restart. CAP_SYS_PTRACE is what /proc/PID/fd of the
# agent asks for; the clock, the host's name, modules and the kernel's log ask for capabilities that it has not. Older systemd ignores the directives that it does not know, and has no Type=exec.
write_units() {
    # Before 239 the group is unknown, and what is left is a filter that lets nothing pass: Amazon Linux 2 has 219.
    line=SystemCallFilter=@system-service
    case $(systemctl --version) in
    '' | 'systemd 2'[0-2]* | 'systemd 23'[0-8]*) line='' ;;
    esac
    write "$units/ssmwake.service" "[Service]
ExecStart=/bin/sh $target watch
Restart=always
RestartSec=15
SuccessExitStatus=143
RuntimeDirectory=ssmwake
RuntimeDirectoryPreserve=yes
RestrictSUIDSGID=yes
PrivateDevices=yes
PrivateTmp=yes
LockPersonality=yes
CapabilityBoundingSet=CAP_SYS_PTRACE
TasksMax=16
MemoryMax=64M
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectSystem=strict
ProtectHome=yes
$line
IPAddressDeny=any
IPAddressAllow=169.254.169.254 fd00:ec2::254
[Install]
WantedBy=multi-user.target" 644
    write "$units/ssmwake-ready.target" "[Unit]
Wants=ssmwake-on-ready.service" 644
    write "$units/ssmwake-on-ready.service" "[Service]
ExecStart=/bin/sh $target on-ready" 644
}

uninstall() {
    action=uninstalled
    case $manager in
    systemd)
        timeout 60 systemctl disable --now ssmwake ssmwake-ready.target
        ;;
    openrc)
        rc-service ssmwake stop
        rc-update del ssmwake
        ;;
    esac >/dev/null 2>&1
    rm -rf "$units"/ssmwake[.-]*[et] "$rc_script" "$retry" "$home" "$conf" "$hook" "$lib" "$run" || finish cannot-write "$lib"
    systemctl daemon-reload >/dev/null 2>&1
    finish uninstalled
}
