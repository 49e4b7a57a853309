"""Diagnose a state of the stand-in account over HTTP, as the command line does; one server and one set of clients serve
all states, because making the clients takes longer than a diagnosis."""

from functools import cache
from typing import Any
from unittest import mock

from ssmwake.aws.client import Patience, Service
from ssmwake.aws.place import Place
from ssmwake.aws.session import Sessions
from ssmwake.operate.desk import iam_region
from ssmwake.operate.read_machines import Wanted
from ssmwake.operate.reader import Reader
from ssmwake.operate.survey import survey
from ssmwake.operate.verdict import Verdict
from support.front import Front
from support.standin import Account

HASTY = Patience(pause=0.002, longest_pause=0.01, answer=5)


class Switch:
    """What stands behind the server: the account of the test that is running."""

    account: Account

    def clock(self) -> float:
        """The time in the account."""
        return self.account.clock()

    def __call__(self, *call: object) -> object:
        """Answer one call."""
        return self.account(*call)  # type: ignore[arg-type]


@cache
def _front() -> tuple[Front, Switch]:
    switch = Switch()
    return Front(switch, clock=switch.clock), switch  # type: ignore[arg-type]


@cache
def _services(url: str, region: str) -> dict[str, Service]:
    with mock.patch.dict("os.environ", {"AWS_ENDPOINT_URL": url}):
        made = Sessions((), HASTY).lazily(Place(region))
        for name in ("sts", "ec2", "ssm", "iam", "cloudtrail"):
            made[name]
        return made


def verdicts(account: Account, wanted: Wanted | None = None, **settings: Any) -> tuple[Verdict, ...]:
    """Return what is found in the account; requests and answers are checked on the way."""
    front, switch = _front()
    switch.account = account
    front.calls.clear()
    front.wrong.clear()
    region = account.state["region"]
    reader = Reader(_services(front.url, region))

    iam_reader = Reader(_services(front.url, iam_region(region)))

    # CloudTrail's rate is held by a test of its own.
    with mock.patch("ssmwake.operate.reader.LOOKUP_PAUSE", 0.0):
        ids = tuple(sorted(account.state["instances"]))
        found = survey(reader, iam_reader, wanted or Wanted(ids), region=region, **settings)
    account.sent = list(front.calls)
    assert not front.wrong, front.wrong
    return found
