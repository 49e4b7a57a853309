"""The disk of one instance: an overlay over a cached root, which outlives a boot and is gone with the test."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

# PID 1 of the container, before systemd: what nspawn cannot give. It shows the host's /sys, so cloud-init would look
# for the host's interfaces; and cloud-init knows EC2 inside a container by /sys/hypervisor/uuid only.
INIT = """#!/bin/sh
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/fresh /mnt/sys
mount -t sysfs sysfs /mnt/fresh
for entry in /mnt/fresh/*; do
    mkdir "/mnt/sys/${entry##*/}"
    mount --bind "$entry" "/mnt/sys/${entry##*/}"
done
mkdir -p /mnt/sys/hypervisor
echo ec2e1916-9099-7caf-fd21-012345abcdef >/mnt/sys/hypervisor/uuid
mount --bind /sys/fs/cgroup /mnt/sys/fs/cgroup
umount -R /sys
mount --rbind /mnt/sys /sys
umount -l /mnt
if [ -x /etc/boot-prepare ]; then /etc/boot-prepare; fi
exec /lib/systemd/systemd
"""
# ds-identify takes no container for EC2, so the datasource is named; the network is there before the boot, because no
# DHCP server is; C.UTF-8 is what Debian's cloud images have; and keys of RSA and DSA take a second of each boot that
# nobody looks at. Everything else is as the distribution has it.
CLOUD = """datasource_list: [Ec2]
network: {config: disabled}
locale: C.UTF-8
ssh_genkeytypes: [ed25519]
"""
# cloud-init would wait for an answer to these.
DHCP_CLIENTS = ("usr/sbin/dhclient", "usr/sbin/dhcpcd", "usr/bin/busybox")
FILES = {
    "etc/cloud/cloud.cfg.d/99_boot.cfg": CLOUD,
    # Whatever the host has here would cost 40 s of time-outs: there are no name servers.
    "etc/resolv.conf": "nameserver 127.0.0.1\n",
    "etc/machine-id": "",
}


@contextlib.contextmanager
def overlay(root: Path) -> Iterator[Path]:
    """Mount a writable copy of a root; what is written lies in memory and is dropped at the end."""
    place = Path(tempfile.mkdtemp(prefix="ssmwake-boot-"))
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, place)
        # An overlay cannot lie on an overlay, which a CI job often runs on; a tmpfs can be had everywhere.
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(place))
        undo.callback(unmount, place)
        for name in ("upper", "work", "root"):
            (place / name).mkdir()
        top = place / "root"
        layers = f"lowerdir={root},upperdir={place}/upper,workdir={place}/work"
        mount("-t", "overlay", "-o", layers, "overlay", str(top))
        undo.callback(unmount, top)
        yield top


@contextlib.contextmanager
def disk(root: Path) -> Iterator[Path]:
    """Mount a writable copy of a root, with what a container needs to be taken for an EC2 instance."""
    with overlay(root) as top:
        for name, text in FILES.items():
            write(top, name, text)
        write(top, "usr/sbin/boot-init", INIT, 0o755)
        for name in DHCP_CLIENTS:
            (top / name).unlink(missing_ok=True)
        yield top


def write(root: Path, name: str, content: str | bytes, mode: int = 0o644) -> None:
    """Put a file on a disk, with its folders; a link of that name is replaced, not followed."""
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


def remove(root: Path, *names: str) -> None:
    """Take files off a disk; a name that is not there is a mistake."""
    for name in names:
        (root / name).unlink()


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=20)


def unmount(path: Path) -> None:
    # Lazily: a process of the container that is on its way out may still hold it.
    if os.path.ismount(path):
        subprocess.run(["umount", "--lazy", str(path)], check=True, timeout=20)
