"""Calls to one service in one place: bounded in time, retried when throttled, each answer checked for its shape.

Every refusal, of the service, the network or the credentials, leaves here as `Refused` with a line for the user; so
does an answer that the service would never give, such as the page of a proxy.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from ssmwake.aws import errors
from ssmwake.aws.place import Place

# Only a request that changes nothing may be sent twice without an answer.
READING = ("Get", "Describe", "List", "Lookup", "Simulate")
# More than any list here has: 1,000 versions of a document, 10 a page.
MOST_PAGES = 1000


class Refused(Exception):  # noqa: N818 - "RefusedError" says it twice
    """A call that did not succeed: the code of the service or one of our own, and the line for the user."""

    def __init__(self, line: str, code: str = "") -> None:
        super().__init__(line)
        self.line = line
        self.code = code


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: to connect, for a whole answer, between tries, and until a document is Active."""

    connect: float = 5
    answer: float = 30
    tries: int = 8
    pause: float = 0.3
    longest_pause: float = 8
    poll: float = 0.5
    active: float = 180

    @property
    def longest_call(self) -> float:
        """How long one try of a call can take."""
        return self.connect + self.answer


PATIENT = Patience()


class Answer(dict[str, Any]):
    """What a service answered; asking for a member that is not there is a refusal, because the service sends it."""

    refusal: Callable[[str], Refused]

    def __missing__(self, key: str) -> Any:
        raise self.refusal(f"has no {key}")


class Service:
    """One service in one place; call it with an operation's name and its parameters."""

    def __init__(self, client: Any, place: Place, patience: Patience) -> None:
        self.client = client
        self.place = place
        self.patience = patience
        model = client.meta.service_model
        self.name: str = model.service_name
        self.url: str = client.meta.endpoint_url
        if model.metadata.get("protocol") == "json":
            client.meta.events.register("before-parse", _refuse_other_than_json)

    def __call__(self, operation: str, **parameters: Any) -> Answer:
        """Return the answer, or raise Refused."""
        call: Callable[..., Any] = getattr(self.client, xform_name(operation))
        for attempt in range(self.patience.tries):
            try:
                return self._checked(operation, self._in_time(lambda: call(**parameters)))
            except (ClientError, BotoCoreError) as error:
                if attempt + 1 == self.patience.tries or not _worth_another_try(error, operation, attempt):
                    raise self._refused(error, operation, parameters) from error
            except Refused:
                raise
            except Exception as error:
                # Whatever else botocore raises, it met while it took the answer apart.
                raise self.nonsense(operation, "cannot be read") from error
            # Many regions are asked at once: the jitter keeps their tries apart.
            pause = min(self.patience.pause * 2**attempt, self.patience.longest_pause)
            time.sleep(pause * random.uniform(0.5, 1))
        raise AssertionError("a call is tried at least once")

    def pages(self, operation: str, **parameters: Any) -> Iterator[Answer]:
        """Yield one answer after the other, for as long as there is a next token."""
        token: dict[str, str] = {}
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            page = self(operation, **parameters, **token)
            yield page
            following = page.get("NextToken")
            if not following:
                return
            if following in seen:
                raise self.nonsense(operation, "begins again at an earlier page")
            seen.add(following)
            token = {"NextToken": following}
        raise self.nonsense(operation, "never ends")

    def nonsense(self, operation: str, fault: str) -> Refused:
        """Return the refusal of an answer that the service would never give; `fault` is such as `has no Status`."""
        return Refused(errors.nonsense(f"{self.name}:{operation}", self.url, fault), errors.NONSENSE)

    def _in_time(self, call: Callable[[], Any]) -> Any:
        """Return what the call returns; an answer that trickles in for ever ends no read time-out, but this does."""
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome.append((call(), None))
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
                outcome.append((None, error))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self.patience.longest_call)
        if not outcome:
            raise ReadTimeoutError(endpoint_url=self.url)
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    def _checked(self, operation: str, answer: Any) -> Answer:
        shape = self.client.meta.service_model.operation_model(operation).output_shape
        return _typed(answer, shape, lambda fault: self.nonsense(operation, fault)) if shape else Answer()

    def _refused(self, error: Exception, operation: str, parameters: dict[str, Any]) -> Refused:
        action = f"{self.name}:{operation}"
        target = resource(self.name, self.place, parameters)
        return Refused(errors.line(error, action, target, self.place.region), errors.code_of(error))


def _refuse_other_than_json(response_dict: dict[str, Any], **_: Any) -> None:
    """Refuse what botocore would take for an empty answer: to it, a page of HTML is one."""
    body = response_dict["body"].strip()
    if response_dict["status_code"] < 300 and body and not body.startswith(b"{"):
        raise ValueError("the body is not an object of JSON")


def _typed(value: Any, shape: Any, refusal: Callable[[str], Refused], name: str = "") -> Any:
    """Return the answer by its shape in the service model, its structures as `Answer`; refuse other types."""
    if shape.name == "policyDocumentType" and isinstance(value, dict):
        # botocore has parsed IAM's URL-encoded JSON already.
        return value
    kinds: dict[str, type | tuple[type, ...]] = {"structure": dict, "map": dict, "list": list, "string": str}
    kinds |= {"boolean": bool, "integer": int, "long": int}
    kind = kinds.get(shape.type_name)
    if kind is not None and not isinstance(value, kind):
        raise refusal(f"has a {name or 'body'} that is not a {shape.type_name}")
    match shape.type_name:
        case "structure":
            members = shape.members
            typed = Answer(
                (key, _typed(one, members[key], refusal, key) if key in members and one is not None else one)
                for key, one in value.items()
            )
            typed.refusal = refusal
            return typed
        case "list":
            return [_typed(one, shape.member, refusal, name) for one in value]
        case "map":
            return {key: _typed(one, shape.value, refusal, name) for key, one in value.items()}
    return value


def _worth_another_try(error: Exception, operation: str, attempt: int) -> bool:
    if isinstance(error, ClientError):
        if errors.code_of(error) in errors.THROTTLED:
            return True
        return operation.startswith(READING) and errors.status_of(error) >= 500 and attempt < 2
    # A wrong region or no network must be reported soon; one hang is enough.
    silent = isinstance(error, ConnectTimeoutError | EndpointConnectionError | ReadTimeoutError)
    return operation.startswith(READING) and not silent and attempt < 2


def resource(service: str, place: Place, parameters: dict[str, Any]) -> str:
    """Return what a call is about, as a policy would name it."""
    start = f"arn:{place.partition}:{service}:{place.region}:{place.account or '*'}"
    name = parameters.get("Name") or parameters.get("ResourceId")
    if service == "ssm" and name:
        return f"{start}:document/{name}"
    if service == "ec2" and "LaunchTemplateId" in parameters:
        return f"{start}:launch-template/{parameters['LaunchTemplateId']}"
    return str(parameters.get("RoleArn", "*"))
