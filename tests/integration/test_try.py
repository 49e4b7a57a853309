"""`ssmwake try` draws what happens between a runtime and the stand-in agent; only the last tests run the real one."""

import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from ssmwake.cli.try_ import TIME, command, format_seconds
from ssmwake.render import carriers
from ssmwake.simulate.trial import Moment, Setting, Trial, waits

GENERATOR = str(Path(__file__).parents[2] / "generator")
UNIT = "amazon-ssm-agent.service"
WAKE = f"""
kill -KILL "$(systemctl show --value -p MainPID {UNIT})"
systemctl --no-block restart {UNIT}
"""
# Knows when to act without asking IMDS; says what it was given, and that the agent is online.
STUB = f"""
[ "$1 $2" = "watch --endpoint" ] && [ "$(pwd -P)" = "$SSMWAKE_ROOT" ] && [ -z "${{SSMWAKE_ROLE:-}}" ] || exit 1
echo "ssmwake: stub of $0" >&2
sleep 0.8 & wait
{WAKE}
for _ in 1 2 3 4 5 6; do
    sleep 0.4 & wait
    echo "ssmwake: 2026-11-26T10:12:03Z online: the agent is online; the role is web" >&2
done
sleep 1000 & wait
"""


def stub(text: str = STUB) -> Setting:
    return Setting(
        files={"/var/lib/ssmwake/ssmwake": text}, runtime="/var/lib/ssmwake/ssmwake", role_after=0.4, timeout=8
    )


def order(moments: list[Moment]) -> list[str]:
    return [moment.what for moment in moments if moment.what not in ("runtime", "agent-killed")]


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSMWAKE_ROLE", "from the desk of somebody")
    monkeypatch.setattr(carriers, "instance_files", lambda _: (carriers.InstanceFile(carriers.HOME, "0700", STUB),))


def program(*arguments: str) -> list[str]:
    """Return a command line that tries the stub in a process of its own."""
    script = "import sys; from ssmwake.render import carriers; from ssmwake.cli import main\n"
    script += f"carriers.instance_files = lambda _: (carriers.InstanceFile(carriers.HOME, '0700', {STUB!r}),)\nmain()"
    return [sys.executable, "-u", "-c", script, "try", *arguments]


def leftovers(mark: str) -> list[str]:
    """Return the command lines of the processes that mention a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in words:
            found.append(words)
    return found


def test_the_agent_sleeps_is_woken_and_comes_online() -> None:
    trial = Trial(stub())
    moments = list(trial.moments())
    online = [
        "role-absent",
        "agent-started",
        "agent-asleep",
        "role-attached",
        "agent-woken",
        "call-accepted",
        "agent-online",
    ]
    assert order(moments) == online
    assert trial.ok
    [(name, ours, alone)] = waits(trial)
    assert name == "role attached"
    assert 0.5 < ours < 4
    assert 25 * 60 < alone < 26 * 60
    times = [round(moment.at, 1) for moment in moments]
    assert times == sorted(times)


def test_a_runtime_that_does_nothing_leaves_the_agent_asleep() -> None:
    trial = Trial(stub("sleep 1000 & wait"))
    trial.setting = Setting(**{**vars(trial.setting), "timeout": 1.0})
    moments = list(trial.moments())
    assert moments[-1].what == "timeout"
    assert not trial.ok
    assert trial.state == "agent asleep for 25m27s"


def test_a_swapped_role_counts_only_when_the_agent_uses_it() -> None:
    online = "echo 'ssmwake: 2026-11-26T10:12:03Z online: the agent is online; the role is web' >&2"
    again = f"{STUB.replace('sleep 1000 & wait', '')}{WAKE}\nsleep 1.5\n{online}\nsleep 1000 & wait"
    trial = Trial(stub(again))
    trial.setting = Setting(**{**vars(trial.setting), "swap_to": "db", "swap_after": 0.1})
    moments = list(trial.moments())
    assert order(moments)[-4:] == ["role-swapped", "agent-woken", "call-accepted", "agent-online"]
    assert [name for name, _, _ in waits(trial)] == ["role attached", "role swapped"]


def test_with_iam_behind_the_first_call_is_denied() -> None:
    trial = Trial(stub())
    trial.setting = Setting(**{**vars(trial.setting), "iam_lag": 5.0, "timeout": 2.0})
    assert "call-denied" in order(list(trial.moments()))
    assert not trial.ok


def test_a_fault_of_imds_is_simulated_and_ends() -> None:
    trial = Trial(stub())
    trial.setting = Setting(**{**vars(trial.setting), "faults": ("token-503",), "fault_for": 0.6})
    seen = order(list(trial.moments()))
    assert seen[0] == "fault"
    assert "fault-over" in seen
    assert trial.ok


def test_nothing_is_left_when_it_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with closing(Trial(stub()).moments()) as moments:
        while next(moments).what != "agent-asleep":
            pass
        assert len(leftovers(str(tmp_path))) >= 2
    assert leftovers(str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("stubbed")
def test_in_a_pipe_it_prints_plain_lines_and_the_comparison() -> None:
    result = CliRunner().invoke(command, ["--role-after", "0.4s"])
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stdout
    lines = result.stdout.splitlines()
    assert lines[0] == "   0.0 s  role absent: IMDS shows no instance profile"
    assert lines[-2].startswith("  with ssmwake")
    assert "the agent alone  25 min" in lines[-1]


def test_on_a_terminal_it_is_coloured_and_says_what_it_waits_for(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    environment = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    environment |= {"PYTHONPATH": GENERATOR, "TMPDIR": str(tmp_path), "TERM": "xterm"}
    with subprocess.Popen(program("--role-after", "400ms"), env=environment, stdout=follower) as run:
        os.close(follower)
        shown = b""
        # Linux says EIO instead of an end.
        with suppress(OSError):
            while piece := os.read(leader, 65536):
                shown += piece
        os.close(leader)
        assert run.wait(10) == 0
    assert b"\x1b[32magent online: its control channel is open" in shown
    assert b"agent asleep for 25m27s" in shown


@pytest.mark.usefixtures("stubbed")
def test_json_is_one_document() -> None:
    result = CliRunner().invoke(command, ["--json", "--role-after", "400ms"])
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"], document["state"]) == (0, True, "agent online")
    assert document["waits"][0]["agent_alone_s"] > 1500
    assert document["moments"][0]["what"] == "role-absent"


@pytest.mark.usefixtures("stubbed")
def test_without_success_it_says_what_was_seen_and_ends_with_1() -> None:
    result = CliRunner().invoke(command, ["--role-after", "10s", "--timeout", "0.5s"])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "not online: agent asleep for 25m27s"


def test_list_faults_names_those_of_imds_and_of_ssm() -> None:
    lines = CliRunner().invoke(command, ["--list-faults"]).stdout.splitlines()
    names = [line.split()[0] for line in lines]
    assert {"imds-disabled", "credentials-503", "ssm-throttled"} <= set(names)
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "credentials-530"], "did you mean credentials-503?"),
        (["--fault", "xyz"], "see --list-faults"),
        (["--role-after", "5 years"], "is not a time up to 1h"),
        (["--role-after", "61m"], "is not a time up to 1h"),
        (["--timeout", "-1s"], "is not a time up to 1h"),
        (["--shell", "no-such-shell"], "is not installed"),
        (["--shell", "'"], "no closing quotation"),
        (["--shell", ""], "is not installed"),
    ],
)
def test_a_wrong_option_is_a_usage_error(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(("text", "seconds"), [("5", 5), ("5s", 5), ("500ms", 0.5), ("1.5m", 90), ("1h", 3600)])
def test_times_have_units(text: str, seconds: float) -> None:
    assert TIME.convert(text, None, None) == seconds


def test_seconds_are_said_in_words() -> None:
    assert (format_seconds(1.26), format_seconds(1522), format_seconds(60)) == ("1.3 s", "25 min 22 s", "1 min 00 s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": GENERATOR, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        program("--role-after", "50s"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        while "agent asleep" not in run.stdout.readline():
            assert run.poll() is None
        assert len(leftovers(str(tmp_path))) >= 2
        run.send_signal(number)
        assert run.wait(10) == 128 + number
        assert "Traceback" not in run.stderr.read()
    end = time.monotonic() + 2
    while leftovers(str(tmp_path)) and time.monotonic() < end:
        time.sleep(0.05)
    assert leftovers(str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_the_rendered_runtime_wakes_the_agent_for_the_role_of_the_config(tmp_path: Path) -> None:
    config = tmp_path / "ssmwake.yaml"
    config.write_text("role: batch\n")
    result = CliRunner().invoke(command, ["--role-after", "1s", "--json", "-c", str(config)])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert "role attached: batch" in [moment["text"] for moment in document["moments"]]
    # An agent counts as asleep from its fifth second on.
    assert document["waits"][0]["ssmwake_s"] < 12


def test_the_rendered_runtime_does_not_leave_the_agent_in_the_hole_of_90_seconds() -> None:
    result = CliRunner().invoke(command, ["--role-after", "0", "--fault", "refused", "--fault-for", "3s"])
    assert result.exit_code == 0, result.output
    assert "agent exited by itself; systemd restarts it after 90 s" in result.stdout
    assert "agent woken" in result.stdout
