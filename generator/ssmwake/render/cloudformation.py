"""What the CloudFormation templates hold that depends on the config."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ssmwake.cloud_init.multipart import BOUNDARY
from ssmwake.cloud_init.parts import Part
from ssmwake.cloud_init.size import LIMIT
from ssmwake.model import Config
from ssmwake.render.carriers import shell_settings
from ssmwake.render.runbook_policy import PATH, Names, runbook, substituted
from ssmwake.render.user_data import split_for_parameters
from ssmwake.resources import templates

# The longest that a CreationPolicy or a WaitCondition waits, in seconds.
LONGEST = 43_200
# The longest value that a parameter of a template can have, in bytes.
LONGEST_PARAMETER = 4_096
# The templates with user data: the shell that runs before the install, and what is kept free for the name of the stack
# (of 64 characters, three times with the presigned address that it signals to), and for its region.
USER_DATA = {"launch-template": ("", 160), "instance": ("cloudformation/signal.sh", 800)}

# What State Manager takes: rates of half an hour to less than 31 days, and cron with six fields.
_MINUTES = "([3-9][0-9]|[1-9][0-9]{2,3}|[1-3][0-9]{4}|4[0-2][0-9]{3}|43[01][0-9]{2}|43200) minutes"
_HOURS = "1 hour|([2-9]|[1-9][0-9]|[1-6][0-9]{2}|7[01][0-9]|720) hours"
_DAYS = "1 day|([2-9]|[12][0-9]|30) days"
_FIELD = "[0-9A-Za-z*/?#,-]+"
SCHEDULE = rf"^(rate\(({_MINUTES}|{_HOURS}|{_DAYS})\)|cron\({_FIELD}( {_FIELD}){{5}}\))$"
DOCUMENT_NAME = "^(?![aA][wW][sS]|[aA][mM][aA][zZ][oO][nN]|[aA][mM][zZ][nN])[A-Za-z0-9_.-]{3,128}$"


@dataclass(frozen=True)
class Pieces:
    """User data in pieces, between which a template puts its parameters; `part` is for the user data of its user."""

    before: str
    part: str
    ours: str
    settings: str
    after: str
    reserved: int = 0

    @property
    def boundary(self) -> str:
        """The line between two parts."""
        return self.part.partition("\n")[0]

    @property
    def size(self) -> int:
        """How many bytes the user data takes at the most, without that of the template's user."""
        texts = (self.before, self.ours, self.settings, self.after)
        return sum(len(text.encode()) for text in texts) + self.reserved

    @property
    def room(self) -> int:
        """How many characters of base64 the template's user can add; none where there is no room for any."""
        room = min(LIMIT - self.size - len(self.part), LONGEST_PARAMETER) // 4 * 4
        return max(room, 0)


def user_data_pieces(config: Config, template: str, parts: Sequence[Part]) -> Pieces:
    """Return the user data of a template: a multipart, with the settings of the stack, which waits for any role.

    The role that a template creates has a generated name, and an instance that waits for another waits for ever.
    """
    shell, reserved = USER_DATA[template]
    own = (templates().joinpath(*shell.split("/"))).read_text(encoding="utf-8") if shell else ""
    config = dataclasses.replace(config, role="")
    head, after = split_for_parameters(config, own, parts, multipart=True, pack_all=True)
    place = head.rindex(f"\n--{BOUNDARY}") + 1
    boundary, _, _ = head[place:].partition("\n")
    part = f"{boundary}\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n${{UserData}}\n"
    settings = shell_settings(config, "stack ${AWS::StackName}")
    return Pieces(head[:place], part, head[place:], settings, after, reserved)


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


def signal_after(config: Config) -> int:
    """Return the seconds after which an instance reports a failure: sooner than CloudFormation loses its patience."""
    return min(max(900, config.timeout + 300), LONGEST - 600)


def patience(config: Config) -> int:
    """Return the seconds that CloudFormation waits for the signal."""
    return signal_after(config) + 600
