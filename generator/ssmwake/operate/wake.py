"""Carry out a plan of `wake_plan` that needs no way into the machine: Run Command, or the rescue runbook."""

import time
from datetime import timedelta

from ssmwake.operate import answers
from ssmwake.operate.facts import Unseen
from ssmwake.operate.reader import Reader
from ssmwake.operate.wake_plan import Failed, Options

# The restart comes after the reply has left, so that neither is lost.
RESTART = """\
for unit in amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service; do
    [ "$(systemctl show -p LoadState --value "$unit")" = loaded ] || continue
    systemd-run --on-active=5 --timer-property=AccuracySec=100ms --collect systemctl restart "$unit" && exit 0
done
echo 'no unit of amazon-ssm-agent is loaded' >&2
exit 1
"""

# How long after the reply to RESTART the agent is restarted; and how long it all takes, in seconds. Measured: 13.3 s.
RESTART_DELAY = timedelta(seconds=5)
RESTART_TAKES = 20

ENDED = ("Success", "Failed", "Cancelled", "TimedOut", "DeliveryTimedOut", "ExecutionTimedOut", "Undeliverable")


def run_command(reader: Reader, instance: str, *, timeout: float = 60, pause: float = 2) -> str:
    """Restart the agent by Run Command, or raise Failed; return what could not be seen of it, if anything."""
    sent = reader.ask(
        "ssm",
        "SendCommand",
        InstanceIds=[instance],
        DocumentName="AWS-RunShellScript",
        Comment="ssmwake wake",
        TimeoutSeconds=60,
        Parameters={"commands": [RESTART]},
    )
    if isinstance(sent, Unseen):
        raise Failed(reader.lines.get(sent.action, str(sent)))
    command = answers.text(sent, "Command", "CommandId")
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        time.sleep(pause)
        got = reader.ask("ssm", "GetCommandInvocation", CommandId=command, InstanceId=instance)
        if isinstance(got, Unseen) and got.why == "not allowed":
            # The agent's next report says it as well.
            return f"how Run Command {command} ended is not known: {got}"
        # An invocation that is not there yet is one that was sent a moment ago.
        status = "Pending" if isinstance(got, Unseen) else answers.text(got, "Status")
        if status == "Success":
            return ""
        if status in ENDED:
            raise Failed(f"Run Command {command} ended as {status}; an agent before 3.3.40.0 may take none any more")
    raise Failed(f"Run Command {command} was not answered within {timeout:.0f} s")


def run_runbook(reader: Reader, instance: str, options: Options, *, timeout: float, pause: float = 5) -> str:
    """Run the rescue runbook, and wait for its end; raise Failed where it does not succeed.

    Return what could not be seen of it, if anything.
    """
    started = reader.ask(
        "ssm",
        "StartAutomationExecution",
        DocumentName=options.runbook,
        Parameters={
            "InstanceId": [instance],
            "Fallback": ["reboot" if options.reboot else "none"],
            "AutomationAssumeRole": [options.automation_role],
        },
    )
    if isinstance(started, Unseen):
        raise Failed(reader.lines.get(started.action, str(started)))
    execution = answers.text(started, "AutomationExecutionId")
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        time.sleep(pause)
        got = reader.ask("ssm", "GetAutomationExecution", AutomationExecutionId=execution)
        if isinstance(got, Unseen) and got.why == "not allowed":
            return f"how the runbook {options.runbook} ends is not known: {got} ({execution})"
        status = (
            "Pending"
            if isinstance(got, Unseen)
            else answers.text(got, "AutomationExecution", "AutomationExecutionStatus")
        )
        if status == "Success":
            return ""
        if status in ENDED:
            raise Failed(f"the runbook {options.runbook} ended as {status} ({execution})")
    raise Failed(f"the runbook {options.runbook} has not ended within {timeout:.0f} s ({execution})")
