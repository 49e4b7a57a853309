"""Publish SSM documents and launch-template versions: desired and current state in, a plan out, which is then applied.

    Desired, Places --plan: read, then actions--> Plan --execute--> Results

`from_config` makes `desired` from a config, `current` reads what exists, `planning` is a pure function from both to
`actions`, `execution` does them in one place, `run` does all that in many places side by side, `diff` is what changes
in texts. Planning only reads; a plan is data, and what is shown is what runs. AWS is called through `ssmwake.aws`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssmwake.aws.client import Refused
    from ssmwake.aws.place import Place
    from ssmwake.publish.desired import Desired, Document, DocumentType, LaunchTemplate
    from ssmwake.publish.from_config import NO_REGION, desired_by, places_of
    from ssmwake.publish.planning import PromoteNamed, Publish, RollBack
    from ssmwake.publish.run import Outcome, PlacePlan, Plan, Result, execute, plan, sign_in

__all__ = [
    "NO_REGION",
    "Desired",
    "Document",
    "DocumentType",
    "LaunchTemplate",
    "Outcome",
    "Place",
    "PlacePlan",
    "Plan",
    "PromoteNamed",
    "Publish",
    "Refused",
    "Result",
    "RollBack",
    "desired_by",
    "execute",
    "places_of",
    "plan",
    "sign_in",
]

# Where each name is: the table of all rules reads one module of this room, and needs no client of AWS.
HOMES = {
    "ssmwake.aws.client": ("Refused",),
    "ssmwake.aws.place": ("Place",),
    "ssmwake.publish.desired": (
        "Desired",
        "Document",
        "DocumentType",
        "LaunchTemplate",
    ),
    "ssmwake.publish.from_config": (
        "NO_REGION",
        "desired_by",
        "places_of",
    ),
    "ssmwake.publish.planning": (
        "PromoteNamed",
        "Publish",
        "RollBack",
    ),
    "ssmwake.publish.run": (
        "Outcome",
        "PlacePlan",
        "Plan",
        "Result",
        "execute",
        "plan",
        "sign_in",
    ),
}


def __getattr__(name: str) -> Any:
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
