"""One boot in QEMU: a kernel of its own, the DMI of EC2, ds-identify and cloud-init as Debian ships them, DHCP."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from boot.harness import agent, rootfs
from boot.harness.container import until
from boot.harness.disk import overlay, write
from boot.harness.instance import ssmwake
from boot.harness.network import IMDS_V4, IMDS_V6, network
from boot.harness.virtual import RECIPE, TOOLS, boot
from ssmwake.simulate.endpoint import Endpoint
from ssmwake.simulate.imds import Imds

pytestmark = pytest.mark.matrix

# Tells the serial console how things are, and lets the clock jump once, when the boot is over.
REPORT = """#!/bin/sh
while :; do
    status=$(cloud-init status | head -n 1)
    starts=$(journalctl -b _PID=1 UNIT=amazon-ssm-agent.service -o cat | grep -c '^Started')
    ids=$(sed -n 's/^datasource_list: *//p' /run/cloud-init/cloud.cfg)
    watcher=$(systemctl is-active ssmwake.service)
    echo "REPORT $status; starts $starts; watcher $watcher; $ids; year $(date +%Y)" >/dev/ttyS0
    if [ "$status" = 'status: done' ] && [ ! -e /run/jumped ]; then
        touch /run/jumped
        date -s '+9000 hours' >/dev/null
    fi
    sleep 3
done
"""
UNIT = "[Service]\nExecStart=/bin/sh /opt/report\n[Install]\nWantedBy=multi-user.target\n"


def test_a_virtual_machine_of_ec2_wakes_its_agent_although_its_clock_jumps(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    lacks = sorted(package for tool, package in TOOLS.items() if not shutil.which(tool))
    if lacks and os.environ.get("CI") != "true":
        pytest.skip(f"no virtual machine: it needs {', '.join(lacks)}")
    assert not lacks
    with (
        network() as net,
        net.inside(lambda: Imds(f"{IMDS_V4}:80", f"[{IMDS_V6}]:80")) as imds,
        net.inside(lambda: Endpoint(agent.SSM, agent.MESSAGES)) as ssm,
        overlay(rootfs.root(RECIPE)) as top,
    ):
        agent.install(top, agent.UNIT, "network-online.target", "multi-user.target")
        write(top, "opt/report", REPORT)
        # As in Debian's cloud images; and keys of RSA take half a minute here.
        write(top, "etc/cloud/cloud.cfg.d/99_boot.cfg", "locale: C.UTF-8\nssh_genkeytypes: [ed25519]\n")
        write(top, "etc/systemd/system/report.service", UNIT)
        (top / "etc/systemd/system/multi-user.target.wants/report.service").symlink_to("../report.service")
        imds.instance.user_data = ssmwake("user-data", "--gzip")
        with boot(top, tmp_path, net) as machine:

            def reports(pattern: str) -> bool:
                assert machine.qemu.poll() is None, (tmp_path / "qemu.log").read_text()
                return bool(re.search(pattern, machine.said()))

            until(lambda: reports(r"status: done; starts 1; watcher active; .*Ec2.*; year 202[7-9]"), 400, "no boot", 1)
            # The agent has asked in vain, and sleeps.
            assert ssm.wait_for("denied", 60)
            role = imds.attach("web")
            ssm.allow(role.key)
            assert ssm.wait_for("channel", 120, key=role.key), machine.said()[-3000:]
            until(lambda: reports("starts 2; watcher active"), 60, "no second start", 1)
    row = "bookworm in QEMU, EC2's DMI, DHCP|cloud-config, gzip|role late, clock jumps a year"
    record_property("booted", f"{row}|woken")
