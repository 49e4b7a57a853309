# Put the runtime and its units in place, or take them away. Both can be repeated, and killed at any moment.

units=$root/etc/systemd/system
rc_script=$root/etc/init.d/ssmwake
# What cloud-init runs at each boot: user data leaves itself there, so that a power cut is no end of it.
retry=$root/var/lib/cloud/scripts/per-boot/ssmwake

# Whole or not at all; a file that is right already is left alone.
write() {
    put "$2" | cmp -s - "$1" && return
    mkdir -p "${1%/*}" && put "$2" >"$1.new" && chmod "$3" "$1.new" && mv -f "$1.new" "$1"
} 2>/dev/null

install() {
    self=$(cat "$0")
    sh -n "$0" || finish cannot-read "$0"
    target=$root/usr/local/sbin/ssmwake
    # /usr can be read-only; a script that sh is given needs no execute permission, so noexec does not matter.
    write "$target" "$self" 755 || {
        target=$lib/ssmwake
        write "$target" "$self" 700 || finish cannot-write "$target"
    }
    # What was asked for here is what the watcher is to do: in the settings, the first line of a name wins.
    settings=$(cat "$conf" 2>/dev/null)
    case $settings$nl in
    "$given"*) ;;
    *) write "$conf" "$given$settings" 600 || finish cannot-write "$conf" ;;
    esac
    action=installed
    case $manager in
    systemd)
        write_units || finish cannot-write "$units"
        systemctl daemon-reload
        systemctl enable ssmwake >/dev/null 2>&1
        control restart ssmwake
        ;;
    openrc)
        write "$rc_script" "#!/sbin/openrc-run${nl}supervisor=supervise-daemon${nl}command=/bin/sh${nl}command_args='$target watch'" 755 ||
            finish cannot-write "$rc_script"
        rc-update add ssmwake default >&2
        rc-service ssmwake restart >&2
        ;;
    *) finish no-service-manager 'neither systemd nor OpenRC' ;;
    esac || finish restart-failed ssmwake
    rm -f "$retry"
    finish installed
}

# Confined to what it does: ask IMDS, look at /proc, tell systemd to restart. CAP_SYS_PTRACE is what /proc/PID/fd of the
# agent asks for. Older systemd ignores the directives that it does not know, and has no Type=exec.
write_units() {
    # Before 239 the group is unknown, and what is left is a filter that lets nothing pass: Amazon Linux 2 has 219.
    filter='' version=$(systemctl --version)
    version=${version#systemd }
    version=${version%%[!0-9]*}
    [ "${version:-0}" -lt 239 ] || filter=SystemCallFilter=@system-service
    write "$units/ssmwake.service" "[Unit]
Description=Wake the SSM agent when its role arrives
After=network.target
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh $target watch
Restart=always
RestartSec=15
SuccessExitStatus=143
UMask=0077
RuntimeDirectory=ssmwake
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
TasksMax=16
MemoryMax=64M
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SYS_PTRACE
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
$filter
IPAddressDeny=any
IPAddressAllow=169.254.169.254 fd00:ec2::254
[Install]
WantedBy=multi-user.target" 644 &&
        write "$units/ssmwake-ready.target" "[Unit]
Description=The role has credentials
Wants=ssmwake-on-ready.service" 644 &&
        write "$units/ssmwake-on-ready.service" "[Unit]
Description=Commands that want the role
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/sh $target on-ready" 644
}

uninstall() {
    action=uninstalled
    case $manager in
    systemd)
        timeout 60 systemctl disable --now ssmwake
        systemctl stop ssmwake-ready.target
        ;;
    openrc)
        rc-service ssmwake stop
        rc-update del ssmwake
        ;;
    esac >/dev/null 2>&1
    rm -rf "$units/ssmwake.service" "$units/ssmwake-ready.target" "$units/ssmwake-on-ready.service" "$rc_script" \
        "$retry" "$root/usr/local/sbin/ssmwake" "$conf" "$hook" "$lib" "$run" || finish cannot-write 'not all is gone'
    [ "$manager" != systemd ] || systemctl daemon-reload
    finish uninstalled
}
