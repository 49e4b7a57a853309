"""Sessions by the AWS CLI's chain of credentials, roles assumed on top of them, and the services of a place.

A code for MFA is asked for once per run, in the thread that calls `Sessions.sign_in`, and the session it opens is kept
where the AWS CLI keeps it (~/.aws/cli/cache): whoever has just used the CLI is not asked at all.
"""

import difflib
import getpass
import gzip
import json
import os
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import JSONFileLoader, Loader
from botocore.utils import JSONFileCache

from ssmwake.aws import errors
from ssmwake.aws.client import PATIENT, Patience, Refused, Service
from ssmwake.aws.place import Caller, Place

# How long, in seconds, the question whose credentials these are may take: nothing else waits for its answer.
IDENTITY = 10
# The same for an account's alias, which only makes a plan easier to read.
ALIAS = 2
# What STS answers to credentials that are invalid; any other failure only leaves the account unknown.
INVALID_CREDENTIALS = errors.EXPIRED | errors.UNKNOWN_KEYS

# Making a client reads files and fills caches of the session, which threads must not do at once.
_making = threading.Lock()


def home_region(profile: str) -> str:
    """Return the region that the environment or the profile names, or nothing."""
    # The AWS CLI and the other SDKs know AWS_REGION; botocore knows AWS_DEFAULT_REGION only.
    return os.environ.get("AWS_REGION") or _session(profile).region_name or ""


@cache
def known_regions() -> frozenset[str]:
    """Return the regions of every partition that this boto3 knows."""
    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    return frozenset(
        region
        for partition in core.get_available_partitions()
        for region in core.get_available_regions("ssm", partition_name=partition)
    )


def unknown_region(region: str) -> str:
    """Return the sentence about a region that is not in known_regions()."""
    close = difflib.get_close_matches(region, sorted(known_regions()), n=1)
    advice = f"did you mean {close[0]!r}?" if close else "write one such as eu-west-1"
    return f"{region!r} is not a region that this boto3 knows; {advice} (a newer one needs a newer boto3)"


def assumed(own: boto3.Session, place: Place, patience: Patience = PATIENT) -> boto3.Session:
    """Return the session of a place's role, assumed with the credentials at hand."""
    sts = services(own, place, patience, "sts")["sts"]
    external = {"ExternalId": place.external_id} if place.external_id else {}
    keys = sts("AssumeRole", RoleArn=place.role, RoleSessionName="ssmwake", **external)["Credentials"]
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
        raise Refused(errors.line(error, "client", "*", place.region), errors.code_of(error)) from error
    return {name: Service(client, place, patience) for name, client in made.items()}


@cache
def _loader() -> Loader:
    """Return the loader of service models; each session has one of its own else, and reads the files again."""
    folders = botocore.session.Session().get_config_variable("data_path") or ""
    paths = [os.path.expandvars(Path(one).expanduser()) for one in folders.split(os.pathsep) if one]
    return Loader(extra_search_paths=paths, file_loader=_JsonFiles())


class _JsonFiles(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        """Return what a file holds; botocore reads it into OrderedDict, which takes five times as long as dict."""
        for path, opened in ((Path(f"{file_path}.json"), open), (Path(f"{file_path}.json.gz"), gzip.open)):
            if path.is_file():
                with opened(path, "rb") as file:
                    return json.loads(file.read())
        return None


def _session(profile: str = "", region: str = "", **keys: str) -> boto3.Session:
    core = botocore.session.Session(profile=profile or None)
    try:
        core.get_scoped_config()
        if region and not core.get_config_variable("region"):
            # Where a profile's role is assumed; the AWS CLI does the same with --region.
            core.set_config_variable("region", region)
        core.register_component("data_loader", _loader())
        if not keys:
            assume_role = core.get_component("credential_provider").get_provider("assume-role")
            assume_role.cache = _CliCache()
            # botocore offers no public way to another prompter.
            assume_role._prompter = _ask
        return boto3.Session(botocore_session=core, **keys)
    except BotoCoreError as error:
        raise Refused(errors.line(error, "session", "*", ""), errors.code_of(error)) from error


class _CliCache(JSONFileCache):
    """The AWS CLI's cache of role credentials; one that cannot be written is only not kept."""

    def __init__(self) -> None:
        super().__init__(os.fspath(Path("~/.aws/cli/cache").expanduser()))

    def __setitem__(self, cache_key: str, value: Any) -> None:
        try:
            super().__setitem__(cache_key, value)
        except OSError:
            return


def _ask(prompt: str) -> str:
    try:
        return getpass.getpass(prompt)
    except (EOFError, OSError) as error:
        line = (
            "the profile needs a code for MFA, which can only be asked for on a terminal; sign in first, "
            "for example with aws sts get-caller-identity, whose session is used here too"
        )
        raise Refused(line, errors.NO_CREDENTIALS) from error


class Sessions:
    """The services of each place; the role of an account is assumed once, whatever number of regions ask."""

    def __init__(self, names: Sequence[str], patience: Patience = PATIENT) -> None:
        self.names = tuple(names)
        self.patience = patience
        self._guards: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()
        self._own: dict[str, boto3.Session | Refused] = {}
        self._assumed: dict[tuple[str, str], boto3.Session | Refused] = {}
        self._callers: dict[tuple[str, str], Caller] = {}
        self._aliases: dict[tuple[str, str], str] = {}

    def sign_in(self, places: Iterable[Place]) -> None:
        """Find the credentials of each profile, in this thread: only here may somebody be asked for a code."""
        for place in places:
            if place.profile not in self._own:
                self._own[place.profile] = self._signed_in(place)

    def open(self, place: Place) -> dict[str, Service]:
        """Return the services in a place, or raise Refused."""
        return services(self.session(place), place, self.patience, *self.names)

    def lazily(self, place: Place) -> "Lazy":
        """Return the services in a place, each made when it is first asked for, or raise Refused."""
        return Lazy(self.session(place), place, self.patience)

    def caller(self, place: Place) -> Caller:
        """Return whose credentials a place is used with, or raise Refused where they are invalid.

        Where STS cannot be asked, such as in a network with an endpoint for SSM alone, the caller is unknown.
        """
        with self._locked(place):
            key = (place.profile, place.role)
            if key not in self._callers:
                self._callers[key] = self._asked(place)
            return self._callers[key]

    def _asked(self, place: Place) -> Caller:
        brief = replace(self.patience, answer=min(self.patience.answer, IDENTITY), tries=1)
        sts = services(self.session(place), place, brief, "sts")["sts"]
        try:
            answer = sts("GetCallerIdentity")
            account, arn = answer["Account"], answer["Arn"]
        except Refused as refused:
            if refused.code in INVALID_CREDENTIALS:
                raise
            return Caller()
        known = len(account) == 12 and account.isdigit()
        return Caller(account, errors.one_line(arn)) if known else Caller()

    def alias(self, place: Place) -> str:
        """Return the alias of a place's account; empty where there is none, or it is not to be had at once."""
        with self._locked(place, "alias"):
            key = (place.profile, place.role)
            if key not in self._aliases:
                self._aliases[key] = self._asked_alias(place)
            return self._aliases[key]

    def _asked_alias(self, place: Place) -> str:
        brief = replace(self.patience, connect=min(self.patience.connect, ALIAS), answer=ALIAS, tries=1)
        try:
            iam = services(self.session(place), place, brief, "iam")["iam"]
            names = iam("ListAccountAliases")["AccountAliases"]
        except Refused:
            return ""
        return next((name for name in names if re.fullmatch("[a-z0-9-]{3,63}", name)), "")

    def session(self, place: Place) -> boto3.Session:
        """Return the session of a place, for what is not a service of botocore, or raise Refused."""
        self.sign_in([place])
        own = self._own[place.profile]
        if isinstance(own, Refused):
            raise own
        if not place.role:
            return own
        key = (place.profile, place.role)
        with self._locked(place, "role"):
            if key not in self._assumed:
                try:
                    self._assumed[key] = assumed(own, place, self.patience)
                except Refused as refused:
                    self._assumed[key] = refused
        of_role = self._assumed[key]
        if isinstance(of_role, Refused):
            raise of_role
        return of_role

    def _locked(self, place: Place, purpose: str = "caller") -> threading.Lock:
        with self._guard:
            return self._guards.setdefault((f"{purpose} {place.profile}", place.role), threading.Lock())

    def _signed_in(self, place: Place) -> boto3.Session | Refused:
        try:
            own = _session(place.profile, place.region)
            credentials = own.get_credentials()
            if credentials is None:
                line = "no credentials; set AWS_PROFILE, or run aws configure or aws sso login"
                return Refused(line, errors.NO_CREDENTIALS)
            credentials.get_frozen_credentials()
        except Refused as refused:
            return refused
        except (BotoCoreError, ClientError) as error:
            return Refused(errors.line(error, "sts:AssumeRole", "*", place.region), errors.code_of(error))
        except Exception:  # noqa: BLE001 - botocore raises nearly anything at a broken profile or answer
            line = "the credentials cannot be read; run aws sts get-caller-identity, which shows what is wrong"
            return Refused(line, errors.NO_CREDENTIALS)
        return own


class Lazy(dict[str, Service]):
    """The services of a place, made when they are first asked for: a client takes as long as some calls."""

    def __init__(self, own: boto3.Session, place: Place, patience: Patience) -> None:
        super().__init__()
        self._own, self._place, self._patience = own, place, patience
        self._guard = threading.Lock()

    def close(self) -> None:
        """Close the connections of all services; one that is asked again opens new ones."""
        for service in self.values():
            service.client.close()

    def __missing__(self, name: str) -> Service:
        with self._guard:
            if name not in self:
                self[name] = services(self._own, self._place, self._patience, name)[name]
        return self[name]
