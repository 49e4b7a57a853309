"""Load a config: bytes in, a Config out, or Invalid with every fault at its place."""

from ssmwake.model import Config


def load(path: str, data: bytes) -> Config:
    """Return the config that the bytes hold."""
    raise NotImplementedError(path, data)
