"""Shell through shellcheck: one process for all scripts of a file, its findings at their places in the outer file."""

import json
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ssmwake.lint.rules import finding
from ssmwake.lint.source import Source
from ssmwake.model import Finding

# Variables can come from anywhere; files are not there to be followed.
EXCLUDED = "SC1090,SC1091,SC2034,SC2154"
INTERPRETER = re.compile(r"^#!\s*(?:/usr/bin/env\s+)?(?:\S*/)?(sh|bash|dash|ksh)\b")


def dialect(text: str) -> str | None:
    """Return what shellcheck calls the language of a script; None where it is not shell."""
    match = INTERPRETER.match(text)
    return match[1] if match else None


def neutral(text: str) -> str:
    """Return the text with what CloudFormation and SSM put in replaced by as many letters."""
    text = re.sub(r"\$\{!([^}]*)\}", r"${_\1}", text)
    text = re.sub(r"\$\{(?:[A-Za-z0-9]+\.[A-Za-z0-9.]+|AWS::[A-Za-z]+)\}", lambda match: "x" * len(match[0]), text)
    return re.sub(r"\{\{[^{}\n]*\}\}", lambda match: "x" * len(match[0]), text)


def program() -> str:
    """Return the path of shellcheck, which its package puts beside our own command."""
    scripts = sysconfig.get_path("scripts")
    return shutil.which("shellcheck", path=scripts) or shutil.which("shellcheck") or "shellcheck"


def check(scripts: Sequence[tuple[str, Source]]) -> Iterator[Finding]:
    """Yield what shellcheck has to say, from warnings up, about scripts with their dialects."""
    if not scripts:
        return
    for shell in sorted({shell for shell, _ in scripts}):
        yield from _checked(shell, [source for name, source in scripts if name == shell])


def _checked(shell: str, sources: list[Source]) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.sh" for number in range(len(sources))]
        for path, source in zip(paths, sources, strict=True):
            path.write_text(neutral(source.text), encoding="utf-8", errors="replace")
        flags = ["--format=json", f"--shell={shell}", "--severity=warning", f"--exclude={EXCLUDED}", "--norc"]
        done = subprocess.run([program(), *flags, *map(str, paths)], capture_output=True, check=False, timeout=120)
        for comment in json.loads(done.stdout or "[]"):
            source = sources[int(Path(comment["file"]).stem)]
            where = source.at(comment["line"], comment["column"])
            yield finding("SW208", where, f"{comment['message'].rstrip('.')} (SC{comment['code']})")
