"""Calls to one service in one place: retried when throttled; each refusal is one `Refused`.

Every refusal, of the service, the network or the credentials, leaves here as `Refused` with a line for the user.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from ssmwake.aws import errors
from ssmwake.aws.place import Place

# Only a request that changes nothing may be sent twice without an answer.
READING = ("Get", "Describe", "List")


class Refused(Exception):  # noqa: N818 - "RefusedError" says it twice
    """A call that did not succeed: the service's code, empty without one, and the line for the user."""

    def __init__(self, line: str, code: str = "") -> None:
        super().__init__(line)
        self.line = line
        self.code = code


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for an answer, between tries, and until a document is Active."""

    connect: float = 5
    answer: float = 30
    tries: int = 8
    pause: float = 0.3
    longest_pause: float = 8
    poll: float = 0.5
    active: float = 180


PATIENT = Patience()


class Service:
    """One service in one place; call it with an operation's name and its parameters."""

    def __init__(self, client: Any, place: Place, patience: Patience) -> None:
        self.client = client
        self.place = place
        self.patience = patience
        self.name: str = client.meta.service_model.service_name

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer, or raise Refused."""
        call: Callable[..., dict[str, Any]] = getattr(self.client, xform_name(operation))
        for attempt in range(self.patience.tries):
            try:
                return call(**parameters)
            except (ClientError, BotoCoreError) as error:
                if attempt + 1 == self.patience.tries or not _worth_another_try(error, operation, attempt):
                    raise self._refused(error, operation, parameters) from error
            # Many regions are asked at once: the jitter keeps their tries apart.
            pause = min(self.patience.pause * 2**attempt, self.patience.longest_pause)
            time.sleep(pause * random.uniform(0.5, 1))
        raise AssertionError("a call is tried at least once")

    def pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield one answer after the other, for as long as there is a next token."""
        token: dict[str, str] = {}
        while True:
            page = self(operation, **parameters, **token)
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def _refused(self, error: Exception, operation: str, parameters: dict[str, Any]) -> Refused:
        action = f"{self.name}:{operation}"
        line = errors.line(error, action, resource(self.name, self.place, parameters), self.place.region)
        return Refused(line, errors.code_of(error) if isinstance(error, ClientError) else "")


def _worth_another_try(error: Exception, operation: str, attempt: int) -> bool:
    if isinstance(error, ClientError):
        if errors.code_of(error) in errors.THROTTLED:
            return True
        return operation.startswith(READING) and errors.status_of(error) >= 500 and attempt < 2
    # A wrong region or no network must be said soon.
    silent = isinstance(error, ConnectTimeoutError | EndpointConnectionError)
    return operation.startswith(READING) and not silent and attempt < 2


def resource(service: str, place: Place, parameters: dict[str, Any]) -> str:
    """Return what a call is about, as a policy would name it."""
    partition = "aws-cn" if place.region.startswith("cn-") else "aws"
    partition = "aws-us-gov" if place.region.startswith("us-gov-") else partition
    start = f"arn:{partition}:{service}:{place.region}:{place.account or '*'}"
    name = parameters.get("Name") or parameters.get("ResourceId")
    if service == "ssm" and name:
        return f"{start}:document/{name}"
    if service == "ec2" and "LaunchTemplateId" in parameters:
        return f"{start}:launch-template/{parameters['LaunchTemplateId']}"
    return str(parameters.get("RoleArn", "*"))
