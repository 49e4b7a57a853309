"""What a lint run says at its end: which files it linted, what it found, and what it did not read."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ssmwake.cli.inputs import CONFIG
from ssmwake.lint import File, Kind
from ssmwake.model import Finding, Severity
from ssmwake.terminal import printable

ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
NAMES = {
    Kind.USER_DATA: ("user data", "user data"),
    Kind.SCRIPT: ("script", "scripts"),
    Kind.SSM: ("SSM document", "SSM documents"),
    Kind.CLOUDFORMATION: ("CloudFormation template", "CloudFormation templates"),
    Kind.LAUNCH_TEMPLATE: ("launch template", "launch templates"),
    Kind.TERRAFORM: ("Terraform file", "Terraform files"),
    Kind.TEMPLATEFILE: ("Terraform template", "Terraform templates"),
}


def summary(files: Sequence[File], findings: Sequence[Finding], configs: int = 0) -> str:
    """Return what was linted, by kind, how many findings there are, and how many of them --fix can fix."""
    if not files and not findings and not configs:
        return "ssmwake: no user data, SSM documents or templates found"
    kinds = Counter(file.kind or Kind.USER_DATA for file in files)
    counted = [f"{kinds[kind]} {NAMES[kind][kinds[kind] != 1]}" for kind in Kind if kinds[kind]]
    if configs:
        counted.append(f"{configs} {CONFIG}")
    linted = ", ".join(counted)
    severities = Counter(one.severity for one in findings)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
    found = [
        f"{severities[each]} {words[each]}{'s' * (severities[each] != 1 and each is not Severity.INFO)}"
        for each in ORDER
        if severities[each]
    ]
    text = f"ssmwake: {linted or 'no file linted'}: {', '.join(found) or 'no findings'}"
    fixable = sum(bool(one.fix) for one in findings)
    return f"{text}; --fix can fix {fixable}" if fixable else text


def not_read(paths: Iterable[str]) -> str:
    """Return what is said of files that Terraform reads and lint does not, as they are outside of what is linted."""
    return f"not read, as outside of what is linted: {_first(sorted(paths))}"


def skipped(paths: Sequence[str]) -> str:
    """Return what is said of named files that are programs or pages."""
    return f"skipped, as not user data by the name: {_first(paths)}; --kind user-data lints it all the same"


def _first(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{', '.join(printable(path) for path in paths[:3])}{more}"
