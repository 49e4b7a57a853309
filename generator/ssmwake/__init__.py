"""Render what wakes a sleeping SSM agent: cloud-init user data and SSM documents."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssmwake.cloud_init.parts import Part
    from ssmwake.publish import Plan, PromoteNamed, Publish, Result, RollBack

__version__ = "0.1.0"

__all__ = ["execute", "plan", "user_data"]


def user_data(*, include: tuple[bytes, ...] = (), **settings: Any) -> str:
    """Return user data, for people who call `run_instances`: `user_data(role="web", on_ready=["touch /ready"])`.

    The settings are those of ssmwake.yaml with underscores, those of `user-data` among them; `include` holds user data
    of your own. Raises ssmwake.model.Invalid, which names every fault.
    """
    from ssmwake.config import from_settings
    from ssmwake.render.user_data import user_data as rendered

    config = from_settings(settings)
    return rendered(config, _parts(include))


def _parts(include: tuple[bytes, ...]) -> "tuple[Part, ...]":
    from ssmwake.cloud_init.reader import read

    return tuple(part for number, data in enumerate(include) for part in read(f"include[{number}]", data))


def plan(
    *,
    purpose: "Publish | PromoteNamed | RollBack | None" = None,
    profile: str = "",
    include: tuple[bytes, ...] = (),
    **settings: Any,
) -> "Plan":
    """Return what publishing would do, without doing it: `plan(role="web", publish={"regions": ["eu-west-1"]})`.

    The settings are those of `user_data`; a purpose is of ssmwake.publish, and none publishes and promotes. Raises
    ssmwake.model.Invalid, and ssmwake.publish.Refused without a region; a place that cannot be read is in the plan.
    """
    from ssmwake import publish
    from ssmwake.config import from_settings
    from ssmwake.render import Rendering

    config = from_settings(settings)
    what = publish.desired_by(Rendering(config, _parts(include)))
    return publish.plan(what, publish.places_of(config, profile), purpose or publish.Publish())


def execute(plan: "Plan") -> "tuple[Result, ...]":
    """Do what a plan says, and return how it went in each place; what was changed in between is left alone."""
    from ssmwake import publish

    return publish.execute(plan)
