"""The files that Terraform reads besides its own, and what was read of them."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

# A path to what the file holds; None where it is not there, or is not to be read.
Read = Callable[[str], bytes | None]


def nothing(_path: str) -> bytes | None:
    """Read no file at all."""
    return None


@dataclass(frozen=True)
class Files:
    """A way to read files, what it gave so far, and which of them were rendered as templates.

    `modules` are the files of Terraform by their folders, and `folders` what is made of those.
    """

    read: Read = nothing
    data: dict[str, bytes | None] = field(default_factory=dict)
    templates: set[str] = field(default_factory=set)
    modules: dict[str, dict[str, bytes]] = field(default_factory=dict)
    folders: dict[str, object] = field(default_factory=dict)

    def get(self, folder: str, name: str) -> tuple[str, bytes] | None:
        """Return the normal path and the content of a file, by its path from the folder; None where there is none.

        Which files outside of the folder may be read, `read` decides.
        """
        name = posixpath.normpath(name)
        if posixpath.isabs(name) or "\0" in name or "\n" in name:
            return None
        path = posixpath.normpath(posixpath.join(folder, name))
        if path not in self.data:
            self.data[path] = self.read(path)
        data = self.data[path]
        return None if data is None else (path, data)
