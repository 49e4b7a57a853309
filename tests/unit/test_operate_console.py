"""What is read of a console that other programs wrote into: the known lines, whatever is around them, and no others."""

import pytest

from ssmwake.operate.console import read_console

AGENT = "2026/11/26 10:00:31Z: Amazon SSM Agent v3.3.987.0 is running"
FINISHED = "finished at Thu, 26 Nov 2026 10:00:41 +0000. Datasource DataSourceEc2Local.  Up 27.00 seconds"


@pytest.mark.parametrize("before", ["", "[   31.512345] ", "\x1b[2J\x1b[01;01H", "\x00\x00", "\ufffd", "x\u2028"])
@pytest.mark.parametrize("after", ["", "\r", "\x1b[0m", "\x00"])
def test_the_agents_start_is_found_whatever_is_around_it(before: str, after: str) -> None:
    ((at, version),) = read_console(f"{before}{AGENT}{after}\n").agents
    assert (f"{at:%H:%M:%S}", version) == ("10:00:31", "3.3.987.0")


@pytest.mark.parametrize("version", ["22.2.2", "23.4-7.el9", "24.4-0ubuntu1~22.04.1", "25.1.4"])
@pytest.mark.parametrize("before", ["", "[   25.123456] cloud-init[1234]: "])
def test_the_boot_time_is_read_of_each_version_of_cloud_init(before: str, version: str) -> None:
    boot = read_console(f"{before}Cloud-init v. {version} {FINISHED}\r\n").boot
    assert f"{boot:%H:%M:%S}" == "10:00:14"


@pytest.mark.parametrize(
    "line",
    [
        "ssmwake: 2026-11-26T10:14:10Z waiting: no role yet",
        "[  100.123456] ssmwake[800]: ssmwake: 2026-11-26T10:14:10Z waiting: no role yet",
        "Nov 26 10:14:10 ip-10-1-1-10 ssmwake[800]: 2026-11-26T10:14:10Z waiting: no role yet",
        "\x1b[0;32mssmwake: 2026-11-26T10:14:10Z waiting: no role yet\x1b[0m",
        "ssmwake: 2026-11-26T10:14:10Z waiting: no role yet[   12.345678] key=hunter2",
    ],
)
def test_the_watchers_words_are_kept_and_none_of_the_kernels(line: str) -> None:
    ((_, word, sentence),) = read_console(line).watcher
    assert (word, sentence) == ("waiting", "no role yet")


@pytest.mark.parametrize("cut", range(1, len(AGENT)))
def test_a_line_that_is_cut_off_is_dropped(cut: int) -> None:
    assert read_console(AGENT[cut:]).agents in ((), read_console(AGENT).agents)
    assert read_console(AGENT[: len(AGENT) - cut]).agents == ()


def test_a_panic_of_an_earlier_boot_in_the_same_buffer_is_over() -> None:
    panic = "[    1.512345] Kernel panic - not syncing: VFS: Unable to mount root fs\n"
    assert read_console(panic).is_dead == "a kernel panic"
    assert read_console(f"{panic}[    0.000000] Linux version 6.1.0\nlogin:").is_dead == ""


@pytest.mark.parametrize(
    "line",
    [
        "[   14.212345] cloud-init[1400]: /var/lib/cloud/instance/scripts/part-001: Permission denied",
        "cc_scripts_user.py[WARNING]: skipping /var/lib/cloud/instance/scripts/part-001 as its not executable or the "
        "underlying filesystem is mounted with noexec.",
        "sh: 1: /var/lib/cloud/instance/scripts/part-001: Permission denied",
    ],
)
def test_a_script_that_cloud_init_may_not_execute_is_noted(line: str) -> None:
    assert read_console(line).is_script_refused
    assert not read_console("/var/lib/cloud/instance/scripts/part-001: ok").is_script_refused


@pytest.mark.parametrize(
    "text", ["", "2026/13/26 25:00:31Z: Amazon SSM Agent v3 is running", "0000/01/01 00:00:00Z: x"]
)
def test_a_date_that_is_not_valid_is_dropped(text: str) -> None:
    found = read_console(text)
    assert (found.agents, found.boot, found.watcher) == ((), None, ())
