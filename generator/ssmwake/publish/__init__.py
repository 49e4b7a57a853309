"""Publish SSM documents and launch-template versions: what is wanted and what is there in, a plan out, then done.

    Wanted, Places --plan: read, then actions--> Plan --execute--> Results

`from_config` says what is wanted and where, `wanted` holds it, `found` reads what is there, `planning` is a pure
function from both to `actions`, `execution` does them in one place, `fleet` does all that side by side. Planning only
reads; a plan is data, and what is shown is what runs. Only `access` calls AWS, and `failures` says what it refused.
"""

from ssmwake.publish.access import Refused
from ssmwake.publish.fleet import Outcome, PlacePlan, Plan, Result, execute, plan
from ssmwake.publish.from_config import places_of, wanted_by
from ssmwake.publish.planning import PromoteNamed, Publish, RollBack
from ssmwake.publish.wanted import Document, DocumentType, LaunchTemplate, Place, Wanted

__all__ = [
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
    "Wanted",
    "execute",
    "places_of",
    "plan",
    "wanted_by",
]
