"""Images: what `dist/image/` installs in a chroot wakes the agent of every instance that is launched from the image."""

import subprocess
from pathlib import Path

import pytest

from boot.harness.container import until
from boot.harness.disk import write
from boot.harness.instance import instance
from ssmwake.model import Config
from ssmwake.render import Rendering

pytestmark = pytest.mark.systemd

COMMANDS = ("echo baked >/var/log/baked",)


def chroot(disk: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["chroot", str(disk), *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )


@pytest.mark.parametrize("suite", ["bookworm"])
def test_an_image_that_was_made_in_a_chroot_wakes_the_agent_of_its_instances(suite: str) -> None:
    script = Rendering(Config(on_ready=COMMANDS)).text("image/install.sh")
    with instance(suite) as it:
        write(it.disk, "root/install.sh", script, 0o700)
        write(it.disk, "etc/cloud/cloud-init.disabled", "")
        for action in ("installed", "unchanged"):
            done = chroot(it.disk, "sh", "/root/install.sh")
            assert done.returncode == 0, done.stderr
            assert action in done.stderr + done.stdout
        assert (it.disk / "etc/systemd/system/multi-user.target.wants/ssmwake.service").is_symlink()
        assert not (it.disk / "var/lib/ssmwake/ready").exists()
        with it.boot() as machine:
            role = it.attach(after=0)
            it.online(role, 60)
            baked = machine.root / "var/log/baked"
            until(baked.exists, 30, "the commands of the image did not run")
