"""The size of user data against the limit of EC2, and the encodings that shrink it or make it fit for transport."""

import base64
import gzip

from ssmwake.model import Finding, Location, Severity, rule

TOO_LARGE = rule("SW201", Severity.ERROR, "user data over 16,384 bytes", reason="EC2 refuses the launch")

# Raw user data, before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
LIMIT = 16_384


def zipped(data: bytes) -> bytes:
    """Return the bytes as gzip, the same on any machine: there is no time in it, and no zlib, whose builds differ."""
    import zopfli.gzip

    packed: bytes = zopfli.gzip.compress(data)
    return packed


def zipped_at_once(data: bytes) -> bytes:
    """Return the bytes as gzip, a little larger and much sooner: for a size that is only looked at."""
    return gzip.compress(data, compresslevel=9, mtime=0)


def base64_text(data: bytes) -> str:
    """Return base64 on one line, as launch templates and Terraform take it."""
    return base64.b64encode(data).decode("ascii")


def budget(size: int, *, gzip: bool = False) -> str:
    """Return one line that says how much of the limit the user data takes, before base64."""
    return f"user data: {size:,} of {LIMIT:,} bytes{' with gzip' if gzip else ''}"


def excess(path: str, data: bytes, *, packed: bool = False) -> Finding | None:
    """Return what is wrong with the size, and what would help; a warning where gzip makes it fit, None if it fits.

    The data are as EC2 gets them, `packed` with gzip already or not.
    """
    size = len(data)
    if size <= LIMIT:
        return None
    fits = not packed and len(zipped_at_once(data)) <= LIMIT
    advice = "--gzip makes it fit" if fits else "fetch your larger files from S3, or put them in the image"
    said = f"{size:,} bytes{' with gzip' if packed else ''}, EC2 takes {LIMIT:,}; {advice}"
    return TOO_LARGE.at(Location(path), said, severity=Severity.WARNING if fits else Severity.ERROR)
