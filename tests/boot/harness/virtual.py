"""A virtual machine with a kernel of its own that is EC2 by its DMI, run by QEMU without KVM."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boot.harness.network import MAC, NAMESPACES, Network
from boot.harness.rootfs import PACKAGES, Recipe

RECIPE = Recipe(
    "bookworm",
    (*PACKAGES, "linux-image-cloud-amd64", "udev", "ifupdown", "isc-dhcp-client", "e2fsprogs", "cloud-guest-utils"),
)
TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "mkfs.ext4": "e2fsprogs"}
UUID = "ec2e1916-9099-7caf-fd21-012345abcdef"
SIZE = "2G"


@dataclass(frozen=True)
class Virtual:
    """A virtual machine that runs; all that it says is on its serial console."""

    qemu: subprocess.Popen[bytes]
    console: Path

    def said(self) -> str:
        return self.console.read_text(errors="replace")


def image(root: Path, folder: Path) -> Path:
    """Make a disk image of a root."""
    path = folder / "disk.img"
    command = ["mkfs.ext4", "-q", "-F", "-d", str(root), str(path), SIZE]
    subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL)
    return path


@contextlib.contextmanager
def boot(root: Path, folder: Path, net: Network) -> Iterator[Virtual]:
    """Boot a root; QEMU's own network gives an address by DHCP, and connects to IMDS from where it runs."""
    console = folder / "console"
    console.touch()
    disk = image(root, folder)
    [kernel], [initrd] = root.glob("boot/vmlinuz-*"), root.glob("boot/initrd.img-*")
    command = ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net={NAMESPACES / net.host}"]
    command += ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-display", "none", "-no-reboot"]
    command += ["-smbios", f"type=1,manufacturer=Amazon EC2,product=t3.micro,uuid={UUID},serial={UUID}"]
    command += ["-kernel", str(kernel), "-initrd", str(initrd), "-append", "root=/dev/vda rw console=ttyS0"]
    command += ["-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"]
    command += [
        "-netdev",
        "user,id=net",
        "-device",
        f"virtio-net-pci,netdev=net,mac={MAC}",
        "-serial",
        f"file:{console}",
    ]
    with (folder / "qemu.log").open("wb") as log:
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield Virtual(qemu, console)
    finally:
        qemu.kill()
        qemu.wait(20)
        disk.unlink()
