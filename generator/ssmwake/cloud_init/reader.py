"""Read user data: bytes in, parts out, those of an archive among them."""

from ssmwake.cloud_init.archive import entries
from ssmwake.cloud_init.parts import Kind, Part, outer_parts


def read(path: str, data: bytes) -> tuple[Part, ...]:
    """Return the parts of a file of user data; raise Invalid, naming the path, for anything cloud-init would ignore."""
    return tuple(inner for part in outer_parts(path, data) for inner in _opened(part))


def _opened(part: Part) -> tuple[Part, ...]:
    if part.kind is not Kind.ARCHIVE:
        return (part,)
    return entries(part)
