"""What user data travels in: base64 and gzip, undone within bounds."""

import base64
import binascii
import zlib

from ssmwake.cloud_init.parts import GZIP, UNPACKED, is_mime, kind_of

# gzip writes one; each costs a copy of all that follows it.
MEMBERS = 100


def is_user_data(data: bytes) -> bool:
    """Return whether cloud-init recognises the bytes by their beginning."""
    return data.startswith(GZIP) or is_mime(data) or kind_of(data[:64].decode("utf-8", "replace")) is not None


def unpacked(data: bytes) -> bytes:
    """Return what gzip data holds; raise ValueError with what is wrong with it."""
    plain, members = b"", 0
    # Several members in a row are one file, for gzip as for cloud-init; so are zeros after the last.
    while data.strip(b"\0"):
        members += 1
        if members > MEMBERS:
            raise ValueError(f"gzip data of more than {MEMBERS} members; compress the file again")
        if not data.startswith(GZIP):
            more = f"{len(data):,} bytes after the gzip data, so cloud-init unpacks none of it"
            raise ValueError(f"{more}; compress the file again")
        unpack = zlib.decompressobj(wbits=31)
        try:
            plain += unpack.decompress(data, UNPACKED + 1 - len(plain))
        except zlib.error:
            raise ValueError("broken gzip data; compress the file again") from None
        if len(plain) > UNPACKED:
            raise ValueError(f"unpacks to more than {UNPACKED:,} bytes; no instance takes that")
        if not unpack.eof:
            raise ValueError("gzip data that ends too soon; compress the file again")
        data = unpack.unused_data
    return plain


def from_base64(text: str | bytes) -> bytes | None:
    """Return what base64 says, blanks and line ends aside; None where the text is not base64."""
    try:
        joined = "".join(text.split()) if isinstance(text, str) else b"".join(text.split())
        return base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return None


def user_data_in(text: str | bytes) -> bytes | None:
    """Return what base64 holds if that is user data, or base64 of it; None for anything else."""
    plain = from_base64(text)
    return plain if plain and (is_user_data(plain) or user_data_in(plain) is not None) else None
