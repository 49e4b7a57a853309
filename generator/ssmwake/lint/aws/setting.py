"""What a description says of one thing, and where."""

from dataclasses import dataclass

from ssmwake.model import Location


@dataclass(frozen=True)
class StatedSetting:
    """What a description says at a place; the value is None where only the deployment knows it."""

    value: str | None
    where: Location
