"""What a boot needs of the machine that runs the tests: root, Linux, and a few Debian packages."""

import os
import shutil

# tool -> the Debian package that has it
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "dpkg-deb": "dpkg",
}


def missing() -> list[str]:
    """List what a boot lacks here; empty where boots can run."""
    lacks = [] if os.geteuid() == 0 else ["root"]
    # Administrators' tools; the PATH of a plain user often leaves their folders out.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    lacks += sorted({package for tool, package in TOOLS.items() if not shutil.which(tool, path=path)})
    return lacks
