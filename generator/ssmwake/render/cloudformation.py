"""What the CloudFormation templates hold that depends on the config."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ssmwake.cloud_init.parts import Part
from ssmwake.cloud_init.size import LIMIT, base64_text, zipped
from ssmwake.model import Config
from ssmwake.render.carriers import carrier_of, shell_settings
from ssmwake.render.runbook_policy import PATH, Names, runbook, substituted
from ssmwake.render.user_data import split_for_parameters, user_data
from ssmwake.render.yaml_text import quoted
from ssmwake.resources import templates

# The longest that a CreationPolicy or a WaitCondition waits, in seconds.
LONGEST = 43_200
# The longest name of a stack:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
LONGEST_STACK_NAME = 128
# The carrier of a template whose user data is text.
STACK = "stack ${AWS::StackName}"
# The templates with user data.
WITH_USER_DATA = ("launch-template", "instance")

# What State Manager takes: rates of half an hour to less than 31 days, and cron with six fields.
_MINUTES = "([3-9][0-9]|[1-9][0-9]{2,3}|[1-3][0-9]{4}|4[0-2][0-9]{3}|43[01][0-9]{2}|43200) minutes"
_HOURS = "1 hour|([2-9]|[1-9][0-9]|[1-6][0-9]{2}|7[01][0-9]|720) hours"
_DAYS = "1 day|([2-9]|[12][0-9]|30) days"
_FIELD = "[0-9A-Za-z*/?#,-]+"
SCHEDULE = rf"^(rate\(({_MINUTES}|{_HOURS}|{_DAYS})\)|cron\({_FIELD}( {_FIELD}){{5}}\))$"
DOCUMENT_NAME = "^(?![aA][wW][sS]|[aA][mM][aA][zZ][oO][nN]|[aA][mM][zZ][nN])[A-Za-z0-9_.-]{3,128}$"


@dataclass(frozen=True)
class StackUserData:
    """The user data of a template: text around the settings of the stack or, in base64, all of it with gzip.

    The carrier, as YAML, is the name that it shares with the Command document of the template.
    """

    carrier: str
    before: str = ""
    settings: str = ""
    after: str = ""
    packed: bytes = b""

    @property
    def base64(self) -> str:
        """What is packed, as a template holds it; empty for text."""
        return base64_text(self.packed)

    @property
    def size(self) -> int:
        """How many bytes it takes at the most, of those that EC2 counts."""
        texts = (self.before, self.settings, self.after)
        return len(self.packed) or sum(len(text.encode()) for text in texts) + LONGEST_STACK_NAME


def user_data_of_stack(config: Config, parts: Sequence[Part]) -> StackUserData:
    """Return the user data of a template, which waits for any role.

    The role that a template creates has a generated name, and an instance that waits for another waits for ever. With
    parts, or where the text is too large, it is packed. A stack can put nothing into what is packed, so that has the
    carrier of the config, as all other user data, and not the name of the stack.
    """
    config = dataclasses.replace(config, role="")
    if not parts:
        before, after = split_for_parameters(config)
        text = StackUserData(f"!Sub {STACK}", before, shell_settings(config, STACK), after)
        if text.size <= LIMIT:
            return text
    packed = zipped(user_data(config, parts, plain=True).encode())
    return StackUserData(quoted(carrier_of(config)), packed=packed)


def packed_if_large(config: Config, parts: Sequence[Part]) -> str:
    """Return the user data with gzip, in base64, where it does not fit as text; else nothing."""
    if len(user_data(config, parts).encode()) <= LIMIT:
        return ""
    return base64_text(zipped(user_data(config, parts, plain=True).encode()))


def attachable_roles(names: Names) -> list[Any]:
    """Return the roles that the runbook of a stack may attach: those of the templates, and one that is a parameter."""
    own = [
        {"Fn::If": ["HasInstanceRole", {"Fn::Sub": names.arn("iam", f"role/{path}${{InstanceRole}}")}, NO_VALUE]}
        for path in ("", "*/")
    ]
    return [names.arn("iam", f"role/{PATH}*"), *own]


def rescue_policy(names: Names, roles: list[Any]) -> dict[str, Any]:
    """Return the policy of the runbook's role, where restarts are there only if the parameter AllowRestart is yes."""
    policy: dict[str, Any] = substituted(runbook(names, roles))
    policy["Statement"] = [
        {"Fn::If": ["MayRestart", each, NO_VALUE]} if each["Sid"] == "FallbackWithConsent" else each
        for each in policy["Statement"]
    ]
    return policy


NO_VALUE = {"Ref": "AWS::NoValue"}


def nested(path: str, leaf: str) -> str:
    """Return a path such as a.b as mappings on one line: `a: {b: LEAF}`."""
    first, *rest = path.split(".")
    return f"{first}: {{{nested('.'.join(rest), leaf)}}}" if rest else f"{first}: {leaf}"


def user_data_path(config: Config) -> str:
    """Return the path of the user data in the form that the config asks for."""
    name = {"cloud-config": "cloud-config.yaml", "script": "script.sh", "multipart": "multipart.txt"}
    return f"user-data/{name[config.user_data.format]}"


def patience(config: Config) -> int:
    """Return the seconds that CloudFormation waits for the agent: time for the boot, the role and the association."""
    return min(max(1500, config.timeout + 900), LONGEST)


def tell_stack() -> str:
    """Return the shell with which the agent of an instance tells the stack that it is online."""
    return templates().joinpath("cloudformation", "tell-stack.sh").read_text(encoding="utf-8")
