"""Diagnose in many regions and accounts side by side: places in, a report for each out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ssmwake.aws.client import PATIENT, Patience, Refused
from ssmwake.aws.parallel import side_by_side
from ssmwake.aws.place import Place
from ssmwake.aws.session import Sessions
from ssmwake.operate.read_machines import Wanted
from ssmwake.operate.reader import Reader
from ssmwake.operate.survey import survey
from ssmwake.operate.verdict import Verdict

# Places that are looked at at once; each makes up to eight calls at once.
SIDE_BY_SIDE = 8

# Where the events of IAM are, which has no region.
IAM_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@dataclass(frozen=True)
class PlaceReport:
    """What was found in one region of one account, and in how many calls; or the line about why it was not."""

    place: Place
    verdicts: tuple[Verdict, ...] = ()
    calls: int = 0
    at: datetime | None = None
    account: str = ""
    failure: str = ""


def look(
    wanted: Wanted,
    places: Sequence[Place],
    *,
    expected_role: str = "",
    patience: Patience = PATIENT,
    on_progress: Callable[[object], None] = lambda place: None,
) -> tuple[PlaceReport, ...]:
    """Return a report for each place, in their order. `on_progress` is called with each place that is done.

    `expected_role` is the role that the config names, if it does.
    """
    sessions = Sessions((), patience)
    # Here, because only this thread may ask for a code of MFA.
    sessions.sign_in(places)

    def one(place: Place) -> PlaceReport:
        try:
            return _look_in(place, wanted, sessions, expected_role)
        except Refused as refused:
            return PlaceReport(place, account=place.account, failure=refused.line)

    # After Ctrl-C nothing is waited for: what is under way only reads.
    reports = side_by_side(one, places, at_once=SIDE_BY_SIDE, on_progress=on_progress, grace=0)
    return tuple(
        report or PlaceReport(place, account=place.account, failure="interrupted")
        for place, report in zip(places, reports, strict=True)
    )


class Desk:
    """Looks at the instances of one place, as often as asked to."""

    def __init__(self, place: Place, sessions: Sessions, expected_role: str = "") -> None:
        self.place = place
        self.expected_role = expected_role
        self.services = sessions.lazily(place)
        iam_place = replace(place, region=iam_region(place.region))
        self.iam_services = self.services if iam_place == place else sessions.lazily(iam_place)
        self.calls = 0
        self.at: datetime | None = None

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self.services.close()
        self.iam_services.close()

    def verdicts(self, wanted: Wanted, *, with_role_in_use: bool = False) -> tuple[Verdict, ...]:
        """Return a verdict for each instance that is wanted, or raise Refused.

        `with_role_in_use` looks, for instances that are online too, on which role their agents are.
        """
        # A region that does not exist is refused here, and not by each call.
        self.services["ssm"]
        reader = Reader(self.services)
        iam_reader = reader if self.iam_services is self.services else Reader(self.iam_services)
        try:
            return survey(
                reader,
                iam_reader,
                wanted,
                region=self.place.region,
                profile=self.place.profile,
                expected_role=self.expected_role,
                assumed_role=self.place.role,
                with_role_in_use=with_role_in_use,
            )
        finally:
            self.calls += reader.count + (iam_reader.count if iam_reader is not reader else 0)
            self.at = reader.now


def _look_in(place: Place, wanted: Wanted, sessions: Sessions, expected_role: str) -> PlaceReport:
    with Desk(place, sessions, expected_role) as desk:
        found = desk.verdicts(wanted)
    account = next((one.account for one in found if one.account), place.account)
    return PlaceReport(place, found, desk.calls, desk.at, account)


def iam_region(region: str) -> str:
    """Return the region in which CloudTrail keeps the events of IAM."""
    return IAM_REGIONS.get(Place(region).partition, region)
