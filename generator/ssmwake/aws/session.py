"""Sessions by the AWS CLI's chain of credentials, roles assumed on top of them, and the services of a place."""

import os
import threading
from collections.abc import Sequence
from functools import cache

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader, create_loader

from ssmwake.aws import errors
from ssmwake.aws.client import PATIENT, Patience, Refused, Service
from ssmwake.aws.place import Place

# Making a client reads files and fills caches of the session, which threads must not do at once.
_making = threading.Lock()


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
        raise Refused(errors.line(error, "credentials", "*", place.region)) from error
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
        raise Refused(errors.line(error, "client", "*", place.region)) from error
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
        raise Refused(errors.line(error, "session", "*", "")) from error


class Sessions:
    """The services of each place; the role of an account is assumed once, whatever number of regions ask."""

    def __init__(self, names: Sequence[str], patience: Patience = PATIENT) -> None:
        self.names = tuple(names)
        self.patience = patience
        self._guards: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()
        self._sessions: dict[tuple[str, str], boto3.Session | Refused] = {}

    def open(self, place: Place) -> dict[str, Service]:
        """Return the services in a place, or raise Refused."""
        key = (place.profile, place.role)
        with self._guard:
            guard = self._guards.setdefault(key, threading.Lock())
        with guard:
            if key not in self._sessions:
                try:
                    self._sessions[key] = session(place, self.patience)
                except Refused as refused:
                    self._sessions[key] = refused
        own = self._sessions[key]
        if isinstance(own, Refused):
            raise own
        return services(own, place, self.patience, *self.names)
