"""What a run leaves out and why: one line for what is missing here, and one for each other reason."""

import os
import signal
import sys
from collections import Counter

import pytest

from support import tools

# How the reason begins where a program is what a test needs.
MISSING = "missing: "
RECURSION_LIMIT = sys.getrecursionlimit()


def pytest_sessionstart() -> None:
    """Let a run in CI fail at once where a program is missing; let signals reach what the tests start."""
    # A shell starts what runs in the background with SIGINT ignored, nohup with SIGHUP, and every process below
    # inherits that; a shell cannot trap a signal that was ignored when it started.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if os.environ.get("CI") == "true" and tools.missing():
        raise pytest.UsageError(f"missing: {', '.join(tools.missing())}; CI leaves nothing out (make setup)")


def pytest_runtest_setup() -> None:
    """Give each test the recursion limit of a fresh process: hypothesis raises it and may leave it so."""
    sys.setrecursionlimit(RECURSION_LIMIT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was left out."""
    reports = terminalreporter.getreports("skipped")
    # A skip is a triple: the file, the line, and the reason after a word.
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports if isinstance(report.longrepr, tuple)
    )
    lacks = sorted({*tools.missing(), *(one.removeprefix(MISSING) for one in reasons if one.startswith(MISSING))})
    if lacks:
        terminalreporter.write_line(
            f"left out: what needs {', '.join(lacks)} (sudo make setup; terraform is not in Debian and Ubuntu)"
        )
    for reason, count in reasons.items():
        if not reason.startswith(MISSING):
            terminalreporter.write_line(f"left out: {count} tests: {reason}")
