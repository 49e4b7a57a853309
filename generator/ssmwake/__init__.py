"""Render what wakes a sleeping SSM agent: cloud-init user data and SSM documents."""

from typing import Any

__version__ = "0.1.0"

__all__ = ["user_data"]


def user_data(*, include: tuple[bytes, ...] = (), **settings: Any) -> str:
    """Return user data, for people who call `run_instances`: `user_data(role="web", on_ready=["touch /ready"])`.

    The settings are those of ssmwake.yaml with underscores, those of `user-data` among them; `include` holds user data
    of your own. Raises ssmwake.model.Invalid, which names every fault.
    """
    from ssmwake.config import from_settings
    from ssmwake.render.user_data import user_data as rendered
    from ssmwake.userdata.parts import read

    config = from_settings(settings)
    parts = tuple(part for number, data in enumerate(include) for part in read(f"include[{number}]", data))
    return rendered(config, parts)
