"""The one door to AWS: sessions by boto3's own chain of credentials, and calls that are retried when throttled.

Every refusal, of the service, the network or the credentials, leaves here as `Refused` with a line for a person.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError
from botocore.loaders import Loader, create_loader

from ssmwake.publish import failures
from ssmwake.publish.wanted import Place

# Only a request that changes nothing may be sent twice without an answer.
READING = ("Get", "Describe", "List")

# Making a client reads files and fills caches of the session, which threads must not do at once.
_making = threading.Lock()


class Refused(Exception):  # noqa: N818 - "RefusedError" says it twice
    """A call that did not succeed: the service's code, empty without one, and the line for a person."""

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
        line = failures.line(error, action, resource(self.name, self.place, parameters), self.place.region)
        return Refused(line, failures.code_of(error) if isinstance(error, ClientError) else "")


def _worth_another_try(error: Exception, operation: str, attempt: int) -> bool:
    if isinstance(error, ClientError):
        if failures.code_of(error) in failures.THROTTLED:
            return True
        return operation.startswith(READING) and failures.status_of(error) >= 500 and attempt < 2
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


def home_region(profile: str) -> str:
    """Return the region that the environment or the profile names, or nothing."""
    # The AWS CLI and the other SDKs know AWS_REGION; botocore knows AWS_DEFAULT_REGION only.
    return os.environ.get("AWS_REGION") or _session(profile).region_name or ""


def session(place: Place, patience: Patience = PATIENT) -> boto3.Session:
    """Return the session of a place's account; with a role, by assuming it."""
    own = _session(place.profile)
    try:
        credentials = own.get_credentials()
    except BotoCoreError as error:
        raise Refused(failures.line(error, "credentials", "*", place.region)) from error
    if credentials is None:
        raise Refused("no credentials; set AWS_PROFILE, or run aws configure or aws sso login")
    if not place.role:
        return own
    sts = services(own, place, patience, "sts")["sts"]
    keys = sts("AssumeRole", RoleArn=place.role, RoleSessionName="ssmwake-publish")["Credentials"]
    return _session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def services(own: boto3.Session, place: Place, patience: Patience, *names: str) -> dict[str, Service]:
    """Return the named services in the place's region."""
    settings = Config(
        connect_timeout=patience.connect,
        read_timeout=patience.answer,
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_extra="ssmwake",
    )
    try:
        with _making:
            made = {name: own.client(name, region_name=place.region, config=settings) for name in names}  # type: ignore[call-overload]
    except (BotoCoreError, ValueError) as error:
        raise Refused(failures.line(error, "client", "*", place.region)) from error
    return {name: Service(client, place, patience) for name, client in made.items()}


@cache
def _loader() -> Loader:
    """Return the loader of service models; each session has one of its own else, and reads the files again."""
    path = botocore.session.Session().get_config_variable("data_path")
    loader: Loader = create_loader(path)
    return loader


def _session(profile: str = "", **keys: str) -> boto3.Session:
    core = botocore.session.Session(profile=profile or None)
    try:
        core.get_scoped_config()
        core.register_component("data_loader", _loader())
        return boto3.Session(botocore_session=core, **keys)
    except BotoCoreError as error:
        raise Refused(failures.line(error, "session", "*", "")) from error
