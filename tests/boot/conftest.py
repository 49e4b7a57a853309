"""What boots need, said once; which of them run; and the table of what was booted."""

import os

import pytest

from boot.harness import needs, network, rootfs

BOOTED = "booted"
MATRIX = "matrix"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the matrix to `make boot`, which asks for it by its marker, all but its smoke test."""
    if MATRIX in (config.getoption("markexpr") or ""):
        # What takes longest starts first, or all workers wait for it at the end.
        items.sort(key=lambda item: "virtual" not in item.nodeid)
        return
    matrix = [item for item in items if item.get_closest_marker(MATRIX) and not item.get_closest_marker("systemd")]
    if matrix:
        config.hook.pytest_deselected(items=matrix)
        items[:] = [item for item in items if item not in matrix]


@pytest.fixture(scope="session", autouse=True)
def able(request: pytest.FixtureRequest) -> None:
    """Leave the boots out, in one line, where they cannot run; on CI that is a failure."""
    lacks = needs.missing()
    if lacks and os.environ.get("CI") == "true":
        pytest.fail(f"boots need {', '.join(lacks)}", pytrace=False)
    if lacks:
        pytest.skip(f"no boots: they need {', '.join(lacks)}")
    network.sweep()
    if MATRIX in (request.config.getoption("markexpr") or ""):
        rootfs.roots([rootfs.Recipe(suite) for suite in rootfs.SUITES])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was booted, with what result."""
    rows = []
    for result in ("passed", "failed"):
        for report in terminalreporter.getreports(result):
            properties = dict(report.user_properties)
            if BOOTED in properties:
                rows.append((*str(properties[BOOTED]).split("|"), f"{report.duration:.0f} s", result))
    if not rows:
        return
    terminalreporter.section("boots")
    rows = [("suite", "user data", "case", "measured", "took", "result"), *sorted(rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for row in rows:
        terminalreporter.write_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
