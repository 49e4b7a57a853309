"""Base64 as the API of EC2 takes it."""

import base64
import binascii

from ssmwake.cloud_init.parts import GZIP, is_mime, kind_of


def from_base64(text: str) -> bytes | None:
    """Return what the base64 says; None where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def is_encoded(text: str) -> bool:
    """Return whether a text is base64 of what cloud-init takes for user data."""
    data = from_base64(text) or b""
    return data.startswith(GZIP) or is_mime(data) or kind_of(data[:64].decode("utf-8", "replace")) is not None
