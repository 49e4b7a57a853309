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
	[ "$manager" ] || finish no-service-manager 'there is neither systemd nor OpenRC'
	before=$(sed -n '/^[Dd]escription/s/.*(ssmwake \(.*\)).*/\1/p' "$units/ssmwake.service" "$rc_script" 2>/dev/null)
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
	esac
	start_watcher || finish restart-failed 'look at: systemctl status ssmwake'
	rm -f "$retry_at_boot"
	line="version $version"
	case $before:$changed in
	:*) action=installed ;;
	"$version:") action=unchanged ;;
	"$version":*) action=updated ;;
	*) action=updated line="from $before to $version" ;;
	esac
	told=''
	tell $action "$line"
	finish installed
}

# A start leaves a watcher alone that runs already.
start_watcher() {
	verb=start
	[ -z "$changed" ] || verb=restart
	case $manager in
	systemd)
		bounded 60 systemctl enable ssmwake
		# That has made systemd read its units again; while /run is full it refuses to, and can start ours even so.
		[ "$no_start" ] || control $verb ssmwake
		;;
	*)
		bounded 60 rc-update add ssmwake default
		[ "$no_start" ] || bounded 60 rc-service ssmwake $verb
		;;
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

# Confined to what it does: ask IMDS, look at /proc, tell systemd to restart. Older systemd ignores the directives and
# the groups of system calls that it does not know: a list of what is allowed would then allow nothing. It has no
# Type=exec.
write_units() {
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
TasksMax=32
MemoryMax=64M
CapabilityBoundingSet=
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
SystemCallFilter=~@debug @keyring @obsolete
IPAddressDeny=any
IPAddressAllow=169.254.169.254 fd00:ec2::254
[Install]
WantedBy=multi-user.target"
	write "$units/ssmwake-ready.target" "[Unit]
Description=The IAM role is there
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
	systemd) bounded 60 systemctl disable --now ssmwake ssmwake-ready.target ;;
	openrc)
		bounded 60 rc-service ssmwake stop
		bounded 60 rc-update del ssmwake
		;;
	esac >/dev/null 2>&1
	# A folder of that name in place of a file is somebody else's.
	{ rm -rf "$lib" "$run" && rm -f "$units/ssmwake.service" "$units/ssmwake-ready.target" \
		"$units/ssmwake-on-ready.service" "$rc_script" "$retry_at_boot" "$home" "$conf" "$hook"; } ||
		finish cannot-write "$home"
	bounded 60 systemctl daemon-reload >/dev/null 2>&1
	finish uninstalled
}
