"""Calls to one region of one account that never fail: what is refused comes back as `Unseen`, with its action.

Counts its calls, keeps AWS's own time (the `Date` of the answers, because a desk's clock may be wrong), and holds
CloudTrail's rate of two calls a second.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ssmwake.aws.client import Refused, Service
from ssmwake.aws.errors import DENIED
from ssmwake.operate.facts import Unseen

# An answer that always names one more page would never end.
MOST_PAGES = 500

# LookupEvents: two a second per account and region, says the service model's documentation.
LOOKUP_PAUSE = 0.5


class Reader:
    """Reads from one region of one account."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.services = services
        self.calls: Counter[str] = Counter()
        self.lines: dict[str, str] = {}
        self._now: datetime | None = None
        self._lock = threading.Lock()
        self._next_lookup = 0.0

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | Unseen:
        """Return the answer, or `Unseen`."""
        action = f"{service}:{operation}"
        with self._lock:
            self.calls[action] += 1
        try:
            answer = self.services[service](operation, **parameters)
        except Refused as refused:
            self.lines[action] = refused.line
            why = "not allowed" if refused.code in DENIED else refused.code or "no answer"
            return Unseen(action, why)
        self._note_time(answer)
        return answer

    def all(
        self, service: str, operation: str, key: str, *, most: int = MOST_PAGES, **parameters: Any
    ) -> list[Any] | Unseen:
        """Return what all pages list under a key; an empty page is not the last one."""
        found: list[Any] = []
        token: dict[str, str] = {}
        seen: set[str] = set()
        for _ in range(most):
            page = self.ask(service, operation, **parameters, **token)
            if isinstance(page, Unseen):
                return page
            found += page.get(key) or []
            name, after = next_page(page)
            if not after or after in seen:
                break
            seen.add(after)
            token = {name: after}
        return found

    def lookup(self, attribute: str, value: str, since: datetime, *, most: int) -> list[Any] | Unseen:
        """Return the events of CloudTrail with one attribute, at most `most` pages, within its rate."""
        found: list[Any] = []
        token: dict[str, str] = {}
        for _ in range(most):
            self._wait_for_lookup()
            page = self.ask(
                "cloudtrail",
                "LookupEvents",
                LookupAttributes=[{"AttributeKey": attribute, "AttributeValue": value}],
                StartTime=since,
                MaxResults=50,
                **token,
            )
            if isinstance(page, Unseen):
                return page
            found += page.get("Events") or []
            if not page.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
        return found

    @property
    def now(self) -> datetime:
        """The time by AWS's clock."""
        if self._now is None:
            return datetime.now(UTC)
        return self._now

    @property
    def count(self) -> int:
        """How many calls were made."""
        return self.calls.total()

    def _note_time(self, answer: Mapping[str, Any]) -> None:
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            now = parsedate_to_datetime(date)
        except (TypeError, ValueError):
            return
        now = now if now.tzinfo else now.replace(tzinfo=UTC)
        with self._lock:
            self._now = max(self._now, now) if self._now else now

    def _wait_for_lookup(self) -> None:
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next_lookup)
            self._next_lookup = at + LOOKUP_PAUSE
        time.sleep(max(0.0, at - now))


def next_page(page: Mapping[str, Any]) -> tuple[str, str]:
    """Return the parameter that asks for the next page, and its value; empty on the last page."""
    if page.get("IsTruncated") and page.get("Marker"):
        return "Marker", str(page["Marker"])
    return "NextToken", str(page.get("NextToken") or "")


def chunks(ids: Sequence[str], size: int) -> list[list[str]]:
    """Return ids in lists of at most a size."""
    return [list(ids[start : start + size]) for start in range(0, len(ids), size)]
