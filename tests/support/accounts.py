"""What the tests publish, and how they look at what is there afterwards."""

from collections.abc import Sequence
from typing import Any

from ssmwake.aws.client import Patience
from ssmwake.publish import (
    Desired,
    Document,
    DocumentType,
    Outcome,
    Place,
    Plan,
    Publish,
    Result,
    execute,
    plan,
    promotions,
)
from ssmwake.publish.planning import Purpose
from support.fake_ssm import Document as There
from support.fake_ssm import FakeSsm

KEY = "AKIAEXAMPLE"
HERE = Place("eu-west-1")
HASTY = Patience(pause=0.002, longest_pause=0.01, poll=0.002, active=0.2)

COMMAND = """\
schemaVersion: "2.2"
description: {0}
mainSteps:
- action: aws:runShellScript
  name: say
  inputs:
    runCommand:
    - echo {0}
"""
AUTOMATION = """\
schemaVersion: "0.3"
description: {0}
mainSteps:
- action: aws:sleep
  name: rest
  inputs:
    Duration: PT1S
"""


def wanted(word: str, **settings: Any) -> Desired:
    """Two documents that say a word."""
    return Desired(
        (
            Document("wake", DocumentType.COMMAND, COMMAND.format(word), **settings),
            Document("rescue", DocumentType.AUTOMATION, AUTOMATION.format(word), **settings),
        )
    )


def planned(what: Desired, purpose: Purpose = Publish(), places: Sequence[Place] = (HERE,)) -> Plan:  # noqa: B008
    """Plan without waiting long for anything."""
    return plan(what, places, purpose, patience=HASTY)


def published(what: Desired, purpose: Purpose = Publish(), places: Sequence[Place] = (HERE,)) -> tuple[Result, ...]:  # noqa: B008
    """Plan and execute."""
    return execute(planned(what, purpose, places), patience=HASTY)


def done(what: Desired, purpose: Purpose = Publish()) -> Result:  # noqa: B008
    """Plan and execute in one place, where it must succeed."""
    (result,) = published(what, purpose)
    assert result.outcome in (Outcome.DONE, Outcome.UNCHANGED), result.failure
    return result


def failure(what: Desired, purpose: Purpose = Publish()) -> str:  # noqa: B008
    """Plan and execute in one place, and return why that failed."""
    (result,) = published(what, purpose)
    assert result.outcome is Outcome.FAILED
    return result.failure


def state(fake: FakeSsm, region: str = HERE.region) -> dict[str, Any]:
    """Everything that is there, but not how often somebody looked."""
    return {document.name: _seen(document) for document in fake.documents[KEY, region].values()}


def _seen(document: There) -> dict[str, Any]:
    # Which run promoted it differs from run to run.
    last = promotions.effective(document.tags.get(promotions.TAG, ""), str(document.default))
    return {
        "default": document.default,
        "versions": {number: (version.name, version.text) for number, version in document.versions.items()},
        "tags": {key: value for key, value in document.tags.items() if key != promotions.TAG},
        "previous": last.before if last else "",
        "shared": document.shared,
    }
