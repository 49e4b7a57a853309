"""The size of user data against the limit of EC2, and the forms that make it smaller or fit for transport."""

import base64
import gzip

# Raw user data, before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
LIMIT = 16_384


def zipped(data: bytes) -> bytes:
    """Return the bytes as gzip, without the time that would make each run differ."""
    return gzip.compress(data, compresslevel=9, mtime=0)


def base64_text(data: bytes) -> str:
    """Return base64 on one line, as launch templates and Terraform take it."""
    return base64.b64encode(data).decode("ascii")


def budget(data: bytes) -> str:
    """Return one line that says how much of the limit the user data takes, plain and zipped."""
    return f"user data: {len(data):,} of {LIMIT:,} bytes, {len(zipped(data)):,} with gzip"
