"""Artifacts against a folder: what differs, and writing it; it removes only what an earlier run wrote."""

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ssmwake.model import Artifact, Finding, Invalid, Location, Rule, Severity, rule

DRIFT = rule("SW001", Severity.ERROR, "drift", reason="the folder does not hold what the config renders")
NOT_OURS = rule("SW002", Severity.ERROR, "a folder with other files", reason="rendering removes what it did not write")
UNREADABLE = rule(
    "SW003", Severity.ERROR, "a file that cannot be read or written", reason="a part of the input is left out"
)

# The list of what the last run wrote, in the form of sha256sum; `write` believes no other.
SUMS = "SHA256SUMS"
STAGED = ".ssmwake-new"


def drift(artifacts: Sequence[Artifact], folder: Path) -> tuple[Finding, ...]:
    """Return one finding per file that is missing, stale or not ours; nothing is written."""
    wanted = {artifact.path: artifact.text for artifact in artifacts}
    found = _files(folder)
    findings = [_finding(folder / path, "missing; run ssmwake render") for path in wanted.keys() - found]
    findings += [_finding(folder / path, "not rendered from any template; remove it") for path in found - wanted.keys()]
    for path in found & wanted.keys():
        try:
            if (folder / path).read_bytes() != wanted[path].encode():
                findings.append(_finding(folder / path, "stale; run ssmwake render"))
        except OSError as error:
            raise unwritable(folder / path, error, "read") from error
    return tuple(sorted(findings))


def write(artifacts: Sequence[Artifact], folder: Path) -> tuple[str, ...]:
    """Make the folder hold exactly the artifacts; return the paths that changed.

    A folder that holds anything an earlier run did not write is refused before anything is touched.
    """
    wanted = {artifact.path: artifact.text for artifact in artifacts}
    found = _files(folder)
    known = _known(folder)
    # Other programs leave such lists too: one that names none of our files gives no right to the files that it
    # names. In a folder that ssmwake wrote, a file with the name of an artifact is one, even where a merge lost its
    # line in the list.
    ours = known | wanted.keys() | _leftovers(found) if known & wanted.keys() else set()
    if strangers := sorted(found - ours):
        more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
        message = f"not written by ssmwake{more}, so the folder is not replaced; choose another with -o, or empty it"
        raise Invalid(_finding(folder / strangers[0], message, NOT_OURS))
    if links := sorted({link for path in wanted if (link := _link_above(folder / path, folder))}):
        message = "a symbolic link; render does not write through it; remove it"
        raise Invalid(*(NOT_OURS.at(Location(link.as_posix()), message) for link in links))
    stale = [path for path in sorted(wanted) if not _holds(folder / path, wanted[path])]
    gone = sorted(found - wanted.keys() - _leftovers(found))
    if stale or gone:
        # The list goes first and names old and new files, so that after a run that was cut off the folder is still
        # one that we may write to.
        names = sorted((found | wanted.keys()) - {SUMS} - _leftovers(found))
        interim = "".join(f"{'0' * 64}  {name}\n" for name in names)
        texts = {SUMS: interim, **{path: wanted[path] for path in stale if path != SUMS}}
        _place({folder / path: text for path, text in texts.items()})
    for path in [*gone, *_leftovers(found)]:
        try:
            (folder / path).unlink()
            _prune((folder / path).parent, folder)
        except OSError as error:
            raise unwritable(folder / path, error, "removed") from error
    if (stale or gone) and SUMS in wanted:
        replace(folder / SUMS, wanted[SUMS])
    return (*stale, *gone)


def replace(path: Path, text: str | bytes) -> None:
    """Write a file whole or not at all; one that is there keeps its mode."""
    _place({path: text})


def _place(texts: dict[Path, str] | dict[Path, str | bytes]) -> None:
    """Write all files next to their places and then move them there: a disk that fills up changes nothing."""
    # It takes longer to import than to render, and most commands write no file.
    from tempfile import NamedTemporaryFile

    staged: dict[Path, Path] = {}
    made: list[Path] = []
    mask = os.umask(0)
    os.umask(mask)
    try:
        for path, text in texts.items():
            try:
                made += [folder for folder in reversed((path.parent, *path.parent.parents)) if not folder.exists()]
                path.parent.mkdir(parents=True, exist_ok=True)
                with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=STAGED, delete=False) as file:
                    staged[path] = Path(file.name)
                    file.write(text if isinstance(text, bytes) else text.encode())
                staged[path].chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~mask)
            except OSError as error:
                raise unwritable(path, error, "written") from error
        for path in texts:
            try:
                staged[path].replace(path)
            except OSError as error:
                raise unwritable(path, error, "written") from error
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        for folder in reversed(made):
            # Only what stayed empty goes.
            with suppress(OSError):
                folder.rmdir()


def unwritable(path: Path, error: OSError, verb: str) -> Invalid:
    """Return the finding for a file that the system refuses."""
    hint = {
        errno.ENOSPC: "free some space",
        errno.EROFS: "choose a folder that can be written",
        errno.EACCES: "check its permissions",
        errno.EPERM: "check its permissions",
    }.get(error.errno or 0, "check the path")
    reason = (error.strerror or str(error)).lower()
    return Invalid(_finding(path, f"cannot be {verb}: {reason}; {hint}", UNREADABLE))


def _finding(path: Path, message: str, rule: Rule = DRIFT) -> Finding:
    return rule.at(Location(path.as_posix()), message)


def _files(folder: Path) -> set[str]:
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise Invalid(_finding(folder, "not a folder; choose another with -o", NOT_OURS))

    def refuse(error: OSError) -> None:
        raise unwritable(Path(error.filename or folder), error, "read") from error

    found = set()
    for top, folders, files in os.walk(folder, onerror=refuse):
        links = [name for name in folders if Path(top, name).is_symlink()]
        found |= {Path(top, name).relative_to(folder).as_posix() for name in [*files, *links]}
    return found


def _link_above(path: Path, folder: Path) -> Path | None:
    """Return the symbolic link, below the folder, through which a write to the path would leave it."""
    return next(
        (above for above in path.parents if above != folder and folder in above.parents and above.is_symlink()), None
    )


def _leftovers(found: set[str]) -> set[str]:
    """Return the files that a run which was killed had written and not moved to their places."""
    return {path for path in found if path.endswith(STAGED)}


def _known(folder: Path) -> set[str]:
    try:
        text = (folder / SUMS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return set()
    return {line.partition("  ")[2] for line in text.splitlines()}


def _holds(path: Path, text: str) -> bool:
    try:
        return not path.is_symlink() and path.read_bytes() == text.encode()
    except OSError:
        return False


def _prune(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
