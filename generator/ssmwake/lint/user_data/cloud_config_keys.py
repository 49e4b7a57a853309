"""The keys of cloud-config and the shapes of their values, in all versions from 19.3 to 26.2.

A shape is a name or several, joined by |; a list holds the shape of its items, a dict those of its keys.
"""

from collections.abc import Mapping, Sequence

Shape = str | Sequence["Shape"] | Mapping[str, "Shape"] | tuple["Shape", ...]


def _all(names: str, shape: Shape) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), shape)


TEXT = "scalar"
# What a mapping may hold besides the keys that are named.
ANY = "*"
COMMAND: Shape = ("scalar", ["scalar"])
TEXTS: Shape = ["scalar"]
ONE_OR_MORE: Shape = ("scalar", ["scalar"])
MODULES: Shape = [("scalar", ["any"])]
USER: Shape = {
    **_all(
        """
name doas expiredate gecos homedir inactive lock_passwd no_create_home no_log_init no_user_group passwd
hashed_passwd plain_text_passwd create_groups primary_group selinux_user shell snapuser ssh_redirect_user
system sudo uid
""",
        TEXT,
    ),
    "doas": ONE_OR_MORE,
    "sudo": ONE_OR_MORE,
    "groups": ("scalar", ["scalar"], "map"),
    "ssh_authorized_keys": ONE_OR_MORE,
    "ssh_import_id": ONE_OR_MORE,
    "ssh_keys": "any",
}
MIRRORS: Shape = [
    {
        "arches": TEXTS,
        "uri": TEXT,
        "search": ONE_OR_MORE,
        "search_dns": TEXT,
        "keyid": TEXT,
        "key": TEXT,
        "keyserver": TEXT,
    }
]
HOSTNAME = _all(
    """
fqdn hostname prefer_fqdn_over_hostname preserve_hostname create_hostname_file
""",
    TEXT,
)
CERTIFICATES: Shape = {"remove_defaults": TEXT, "remove-defaults": TEXT, "trusted": ONE_OR_MORE}
GRUB: Shape = "map"
WRITTEN: Shape = {
    **_all(
        """
path content owner permissions encoding append defer
""",
        TEXT,
    ),
    "source": {"uri": TEXT, "headers": "map"},
}

# Keys of the cloud-init of Amazon Linux, which no schema of another one knows.
AMAZON: dict[str, Shape] = {
    "repo_update": TEXT,
    "repo_upgrade": TEXT,
    "repo_upgrade_exclude": ONE_OR_MORE,
    "repo_additions": "map",
}

KEYS: dict[str, Shape] = {
    **AMAZON,
    **_all(
        """
allow_public_ssh_keys apt_pipelining apt_reboot_if_required apt_update apt_upgrade authkey_hash
byobu_by_default def_log_file disable_ec2_metadata disable_root disable_root_opts final_message instance-id
launch-index locale locale_configfile manage_etc_hosts manage_resolv_conf migrate no_ssh_fingerprints
package_reboot_if_required package_update package_upgrade password resize_rootfs ssh_deletekeys ssh_pwauth
ssh_quiet_keygen ssh_svcname syslog_fix_perms timezone yum_repo_dir
""",
        "scalar",
    ),
    **_all(
        """
ansible apk_repos autoinstall chef datasource debug drivers fan landscape lxd mcollective network puppet
reporting resolv_conf rh_subscription rpi salt_minion spacewalk system_info ubuntu_advantage ubuntu_pro
updates vendor_data vendor_data2 wireguard zypper
""",
        "map",
    ),
    **_all(
        """
log_cfgs seed_random snappy version hotplug apt_sources
""",
        "any",
    ),
    **_all(
        """
cloud_config_modules cloud_final_modules cloud_init_modules
""",
        MODULES,
    ),
    **_all(
        """
apt_mirror apt_mirror_search apt_proxy apt_http_proxy apt_https_proxy
""",
        "any",
    ),
    **_all(
        """
apt_preserve_sources_list apt_ftp_proxy apt_custom_sources_list apt_mirror_search_dns
""",
        "any",
    ),
    **HOSTNAME,
    "apt": {
        "preserve_sources_list": TEXT,
        "generate_mirrorlists": TEXT,
        "disable_suites": TEXTS,
        "primary": MIRRORS,
        "security": MIRRORS,
        "add_apt_repo_match": TEXT,
        "debconf_selections": ("map", "scalar"),
        "sources_list": TEXT,
        "conf": TEXT,
        "proxy": TEXT,
        "http_proxy": TEXT,
        "https_proxy": TEXT,
        "ftp_proxy": TEXT,
        "sources": {
            ANY: {
                "source": TEXT,
                "keyid": TEXT,
                "key": TEXT,
                "keyserver": TEXT,
                "filename": TEXT,
                "append": TEXT,
            }
        },
    },
    "bootcmd": ["any"],
    "ca-certs": CERTIFICATES,
    "ca_certs": CERTIFICATES,
    "chpasswd": {
        "expire": TEXT,
        "list": ONE_OR_MORE,
        "users": [{"name": TEXT, "password": TEXT, "type": TEXT}],
    },
    "datasource_list": TEXTS,
    "device_aliases": {ANY: TEXT},
    "disk_setup": {ANY: {"table_type": TEXT, "layout": ("scalar", ["any"]), "overwrite": TEXT}},
    "fs_setup": [
        {
            "label": TEXT,
            "filesystem": TEXT,
            "device": TEXT,
            "partition": TEXT,
            "overwrite": TEXT,
            "replace_fs": TEXT,
            "extra_opts": ONE_OR_MORE,
            "cmd": ONE_OR_MORE,
        }
    ],
    "groups": ("scalar", "map", [("scalar", "map")]),
    "growpart": {"mode": TEXT, "devices": ONE_OR_MORE, "ignore_growroot_disabled": TEXT},
    "grub-dpkg": GRUB,
    "grub_dpkg": GRUB,
    "keyboard": {"layout": TEXT, "model": TEXT, "variant": TEXT, "options": TEXT},
    "merge_how": ("scalar", ["any"], "map"),
    "merge_type": ("scalar", ["any"], "map"),
    "mount_default_fields": TEXTS,
    "mounts": [TEXTS],
    "ntp": (
        "null",
        {
            "servers": ONE_OR_MORE,
            "pools": ONE_OR_MORE,
            "peers": ONE_OR_MORE,
            "allow": ONE_OR_MORE,
            "ntp_client": TEXT,
            "enabled": TEXT,
            "config": {
                "confpath": TEXT,
                "check_exe": TEXT,
                "packages": TEXTS,
                "service_name": TEXT,
                "template": TEXT,
            },
        },
    ),
    "output": {
        step: ("scalar", ["scalar"], {"output": TEXT, "error": TEXT}) for step in ["all", "init", "config", "final"]
    },
    "packages": ("scalar", [("scalar", ["scalar"], {"apt": ["any"], "snap": ["any"]})]),
    "phone_home": {"url": TEXT, "post": ONE_OR_MORE, "tries": TEXT},
    "power_state": {
        "mode": TEXT,
        "delay": TEXT,
        "message": TEXT,
        "timeout": TEXT,
        "condition": COMMAND,
    },
    "random_seed": {"file": TEXT, "data": TEXT, "encoding": TEXT, "command": TEXTS, "command_required": TEXT},
    "rsyslog": (
        ["any"],
        {
            "config_dir": TEXT,
            "config_filename": TEXT,
            "configs": [("scalar", {"filename": TEXT, "content": TEXT})],
            "remotes": {ANY: TEXT},
            "service_reload_command": COMMAND,
            "install_rsyslog": TEXT,
            "check_exe": TEXT,
            "packages": TEXTS,
        },
    ),
    "runcmd": ["any"],
    "snap": {
        "assertions": ([TEXT], {ANY: TEXT}),
        "commands": ([COMMAND], {ANY: COMMAND}),
        "include": "any",
        "squashfuse_in_container": TEXT,
    },
    "ssh": {"emit_keys_to_console": TEXT},
    "ssh_authorized_keys": TEXTS,
    "ssh_fp_console_blacklist": TEXTS,
    "ssh_genkeytypes": ONE_OR_MORE,
    "ssh_import_id": ONE_OR_MORE,
    "ssh_key_console_blacklist": TEXTS,
    "ssh_keys": {ANY: TEXT},
    "ssh_publish_hostkeys": {"enabled": TEXT, "blacklist": TEXTS},
    "swap": {"filename": TEXT, "size": TEXT, "maxsize": TEXT},
    "user": ("scalar", USER),
    "users": ("scalar", "map", [("scalar", ["scalar"], USER)]),
    "write_files": [WRITTEN],
    "yum_repos": {ANY: "map"},
}
# What took the place of a key, and since which version; an older cloud-init knows the old one only.
DEPRECATED = {
    "apt_update": ("package_update", "22.2"),
    "apt_upgrade": ("package_upgrade", "22.2"),
    "apt_reboot_if_required": ("package_reboot_if_required", "22.2"),
    "apt_mirror": ("apt.primary", "17.1"),
    "apt_proxy": ("apt.proxy", "17.1"),
    "apt_sources": ("apt.sources", "17.1"),
    "apt_preserve_sources_list": ("apt.preserve_sources_list", "17.1"),
    "ca-certs": ("ca_certs", "22.3"),
    "grub-dpkg": ("grub_dpkg", "22.2"),
    "ubuntu_advantage": ("ubuntu_pro", "24.1"),
    "ca_certs.remove-defaults": ("remove_defaults", "22.3"),
    "ca-certs.remove-defaults": ("remove_defaults", "22.3"),
    "chpasswd.list": ("users", "22.2"),
    **{
        f"users.{name}": (name.replace("-", "_"), version)
        for names, version in (
            ("ssh-authorized-keys", "18.3"),
            ("lock-passwd", "22.3"),
            (
                "no-create-home no-log-init no-user-group hashed-passwd plain-text-passwd create-groups primary-group "
                "selinux-user ssh-import-id ssh-redirect-user",
                "24.2",
            ),
        )
        for name in names.split()
    },
}
