"""What a lint run says at its end: which files it linted, what it found, and what it did not read."""

import shlex
from collections import Counter
from collections.abc import Collection, Sequence

from ssmwake.cli.inputs import CONFIG
from ssmwake.lint import File, Kind
from ssmwake.model import Finding, Severity
from ssmwake.terminal import printable

# Of more files that were not read, their number is enough.
MOST_NAMES = 10
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


def not_read(paths: Collection[str], folder: str | None) -> str:
    """Return what is said of files that Terraform reads and lint does not, and which folder to lint for all of them."""
    one = len(paths) == 1
    files = "1 file that Terraform reads is" if one else f"{len(paths)} files that Terraform reads are"
    names = f": {', '.join(map(printable, sorted(paths)))}" if len(paths) <= MOST_NAMES else ""
    them = "it" if one else "them"
    todo = f": ssmwake lint {printable(shlex.quote(folder))}" if folder else ", name the folder as well"
    return f"{files} outside of what was linted{names}; to lint {them}{todo}"


def skipped(paths: Sequence[str]) -> str:
    """Return what is said of named files that are programs or pages."""
    return f"skipped, as not user data by the name: {_first(paths)}; --kind user-data lints it all the same"


def _first(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{', '.join(printable(path) for path in paths[:3])}{more}"
