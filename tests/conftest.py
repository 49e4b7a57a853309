"""What a run left out and why: one line for each reason, however many tests it hit."""

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each reason for skipping once."""
    reports = terminalreporter.getreports("skipped")
    # A skip is a triple: the file, the line, and the reason after a word.
    reasons = Counter(str(report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple))
    for reason, count in reasons.items():
        terminalreporter.write_line(f"left out: {count} tests: {reason.removeprefix('Skipped: ')}")
