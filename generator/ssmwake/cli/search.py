"""The files of a lint run: what is named is read as it is, and in a folder only what belongs to it.

A folder that is searched belongs to somebody else: no link is followed, and nothing but a regular file is opened.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ssmwake.cli.inputs import LARGEST, contents
from ssmwake.lint import File, Kind, kind, kind_in_folder
from ssmwake.lint.names import is_program_or_page, is_searched, is_searched_folder
from ssmwake.model import Finding, Invalid

STDIN = "-"


@dataclass
class Search:
    """The files to lint, what could not be read, and the folders in which a file may refer to others."""

    files: list[File] = field(default_factory=list)
    unread: list[Finding] = field(default_factory=list)
    roots: tuple[str, ...] = ()
    # Programs and pages that were named, as in `lint *`, and are not user data.
    skipped: list[str] = field(default_factory=list)


def search(
    paths: Sequence[str], what: Kind | None = None, *, skip_unknown: bool = False, exclude: Sequence[str] = ()
) -> Search:
    """Return the files below the paths, each once; of those that are named only programs and pages are skipped.

    With `skip_unknown`, what is named is skipped where a search of the current folder would skip it.
    """
    found = Search(roots=_roots(paths))
    seen: set[str] = set()
    for path, named in _paths(paths, exclude):
        if os.path.normpath(path) in seen:
            continue
        seen.add(os.path.normpath(path))
        if path == STDIN or (named and not skip_unknown):
            try:
                data = contents(path)
            except Invalid as invalid:
                found.unread += invalid.findings
                continue
            known = what or kind(data, path)
            if known is None and is_program_or_page(path):
                found.skipped.append(path)
            else:
                found.files.append(File(path, data, known))
        elif not named or _is_in_search(path):
            _add(found, path, what, named=named)
    return found


def _is_in_search(path: str) -> bool:
    """Return whether a search of the current folder opens a file, by its name and by the folders between them."""
    try:
        *folders, name = Path(os.path.relpath(path)).parts
    except ValueError:
        # Another drive of Windows.
        *folders, name = "..", Path(path).name
    # Folders above the current one are not part of the project, whatever their names are.
    return is_searched(name) and (folders[:1] == [".."] or all(map(is_searched_folder, folders)))


def _add(found: Search, path: str, what: Kind | None, *, named: bool) -> None:
    """Add a file of a folder if lint knows what it is."""
    try:
        data = regular_file(path)
    except OSError as error:
        # What a program names may be gone or a link by now; what a person may not read is not his to lint.
        if named and error.errno not in (errno.ELOOP, errno.ENXIO):
            found.unread += _unreadable(path)
        return
    if data is not None and (known := what or kind_in_folder(data, path)) is not None:
        found.files.append(File(path, data, known))


def _unreadable(path: str) -> Sequence[Finding]:
    try:
        contents(path)
    except Invalid as invalid:
        return invalid.findings
    return ()


def regular_file(path: str) -> bytes | None:
    """Return what a regular file holds; None for a pipe, a device, a folder, or one that is too large to be ours.

    Raises OSError, for a link too: the check and the reading are of the same open file.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return None
        return file.read(LARGEST)


@dataclass
class FileReader:
    """How Terraform's file() is read: a regular file that really is below one of the folders; others are only noted."""

    roots: tuple[str, ...]
    outside: set[str] = field(default_factory=set)
    # What files will hold once they are fixed.
    fixed: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, path: str) -> bytes | None:
        """Return what a file holds; None for one that is not there, or is not to be read."""
        real = os.path.realpath(path)
        if os.path.normpath(path) in self.fixed:
            return self.fixed[os.path.normpath(path)]
        try:
            if not any(os.path.commonpath([root, real]) == root for root in self.roots):
                self.outside |= {path} if Path(real).is_file() else set()
                return None
            return regular_file(real)
        except (OSError, ValueError):
            return None

    def folder_of_all(self) -> str | None:
        """Return the folder to lint so that what is outside is read too; None where it would be more than a project."""
        try:
            home = os.path.realpath(Path.home())
            folder = os.path.commonpath([*self.roots, *(os.path.realpath(Path(path).parent) for path in self.outside)])
            is_wide = os.path.commonpath([folder, home]) == folder
            below = os.path.relpath(folder)
        except (ValueError, RuntimeError):
            # Another drive of Windows; a user without a home.
            return None
        if is_wide:
            return None
        # A folder may be called like an option.
        return f"./{below}" if below.startswith("-") else below


def _roots(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the real folders that were named, or that hold what was named."""
    folders = (Path(path) if Path(path).is_dir() else Path(path).parent for path in paths if path != STDIN)
    return tuple(dict.fromkeys(os.path.realpath(folder) for folder in folders))


def _paths(paths: Iterable[str], exclude: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield each file, and whether it was named and not found in a folder."""
    for path in paths:
        if path == STDIN or not Path(path).is_dir():
            if not is_excluded(path, exclude):
                yield path, True
            continue
        for folder, folders, names in os.walk(path):
            # os.walk does not follow links to folders, but lists them.
            folders[:] = sorted(
                name for name in folders if is_searched_folder(name) and not is_excluded(f"{folder}/{name}", exclude)
            )
            for name in sorted(names):
                inner = str(Path(folder) / name)
                if is_searched(name) and not is_excluded(inner, exclude):
                    yield inner, False


def is_excluded(path: str, patterns: Sequence[str]) -> bool:
    """Return whether a pattern fits the path, the path of a folder above it, or the name of one of them."""
    parts = Path(os.path.normpath(path)).parts
    names = [*parts, *("/".join(parts[:count]) for count in range(2, len(parts) + 1))]
    return any(fnmatchcase(name, pattern.rstrip("/")) for pattern in patterns for name in names)
