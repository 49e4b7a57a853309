"""The size of user data against the limit of EC2, and the encodings that shrink it or make it fit for transport."""

import base64

from ssmwake.model import Finding, Location, Severity, rule

TOO_LARGE = rule(
    "SW201",
    Severity.ERROR,
    "user data over 16,384 bytes",
    reason="EC2 refuses the launch",
    also={Severity.WARNING: "where it fits with gzip"},
)

# Raw user data, before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
LIMIT = 16_384


def zipped(data: bytes) -> bytes:
    """Return the bytes as gzip, the same on any machine: there is no time in it, and no zlib, whose builds differ."""
    import zopfli.gzip

    packed: bytes = zopfli.gzip.compress(data)
    return packed


def base64_text(data: bytes) -> str:
    """Return base64 on one line, as launch templates and Terraform take it."""
    return base64.b64encode(data).decode("ascii")


def budget(size: int, *, gzip: bool = False) -> str:
    """Return one line that says how much of the limit the user data takes, before base64."""
    return f"user data: {size:,} of {LIMIT:,} bytes{' with gzip' if gzip else ''}"


def excess(where: Location, size: int, packed: int, advice: str) -> Finding:
    """Return what is wrong with user data over the limit; a warning if its `packed` size, that with gzip, is not.

    The advice says how the caller's user gets it with gzip; {} in it is the size of that.
    """
    if packed <= LIMIT:
        message = f"{size:,} bytes, EC2 takes {LIMIT:,}; {advice.format(f'{packed:,}')}"
        return TOO_LARGE.at(where, message, severity=Severity.WARNING)
    message = (
        f"{packed:,} bytes with gzip, EC2 takes {LIMIT:,}; fetch your larger files from S3, or put them in the image"
    )
    return TOO_LARGE.at(where, message)
