"""An account of AWS as far as the Automation runbook sees it; each of its answers can be broken."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from botocore.validate import validate_parameters

INSTANCE = "i-0123456789abcdef0"
ACCOUNT = "123456789012"
Answer = dict[str, Any]


def arn(profile: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:instance-profile/team/{profile}"


@dataclass
class World:
    """What is there, what happens by itself, and which calls are refused; the clock moves only by `sleep`."""

    state: str = "running"
    # When a pending instance runs; None: never.
    runs_after: int | None = None
    attached: str = ""
    # profile -> its role, or "" for a profile that holds none
    profiles: dict[str, str] = field(default_factory=lambda: {"web": "web-role", "old": "old-role"})
    # How long the agent needs to come online once the instance has a profile; None: it never does.
    online_after: int | None = 30
    # A reboot or a start ends the agent's sleep.
    online_after_restart: int | None = 20
    association_after: int = 10
    disassociating: bool = False
    # What is gone once the command has run: the agent, or the right to read at the second time.
    lost_after_command: str = ""
    tags: dict[str, str] = field(default_factory=lambda: {"ssmwake": "managed"})
    # The role that the instance reports; the one of the profile, unless it says another one.
    reports: str = ""
    # The agent reported before the profile came, and not since.
    reported_before: bool = False
    # The status of the command `status`, and how long it takes to be there.
    status: str = "Success"
    answer_after: int = 5
    commanded: bool = False
    # API -> the error codes of its next calls; the last one repeats for a code that ends with "!".
    refuses: dict[str, list[str]] = field(default_factory=dict)
    now: int = 0
    calls: list[str] = field(default_factory=list)
    associated_at: int = 0
    attached_at: int = 0
    sent_at: int = 0
    awake_at: int | None = None

    def __post_init__(self) -> None:
        if self.attached and self.online_after is not None:
            self.awake_at = self.online_after

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds)

    def call(self, service: str, api: str, **given: Any) -> Answer:
        """Answer a call as AWS would; a call that AWS does not have, or not with these arguments, is a bug."""
        shape = operation(service, api).input_shape
        assert shape is not None
        validate_parameters(given, shape)
        self.calls.append(f"{service}:{api}")
        codes = self.refuses.get(api, [])
        if codes:
            code = codes[0] if codes[0].endswith("!") else codes.pop(0)
            raise ClientError({"Error": {"Code": code.rstrip("!"), "Message": "refused"}}, api)
        answer: Callable[..., Answer] = getattr(self, f"_{xform_name(api)}")
        return answer(**given)

    def online(self) -> bool:
        awake = self.state == "running" and self.awake_at is not None and self.now >= self.awake_at
        return awake and not (self.commanded and self.lost_after_command == "agent")

    def attach(self, profile: str) -> Answer:
        self.attached, self.associated_at, self.attached_at = profile, self.now + self.association_after, self.now
        if self.online_after is not None:
            self.awake_at = self.now + self.online_after
        return {"IamInstanceProfileAssociation": {"AssociationId": "iip-assoc-2"}}

    def restarted(self) -> None:
        if self.online_after_restart is not None:
            self.awake_at = self.now + self.online_after_restart

    def _describe_instances(self, InstanceIds: list[str]) -> Answer:  # noqa: N803 - AWS's spelling
        assert InstanceIds == [INSTANCE]
        if self.state == "pending" and self.runs_after is not None and self.now >= self.runs_after:
            self.state = "running"
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        instances = [{"InstanceId": INSTANCE, "State": {"Name": self.state}, "Tags": tags}]
        return {"Reservations": [{"OwnerId": ACCOUNT, "Instances": instances}] if self.state else []}

    def _describe_iam_instance_profile_associations(
        self,
        Filters: list[Answer] | None = None,  # noqa: N803
        AssociationIds: list[str] | None = None,  # noqa: N803
    ) -> Answer:
        states = next((each["Values"] for each in Filters or [] if each["Name"] == "state"), None)
        assert AssociationIds in (None, ["iip-assoc-2"])
        found = []
        if self.attached or self.disassociating:
            state = "associated" if self.now >= self.associated_at else "associating"
            found = [
                {
                    "AssociationId": "iip-assoc-1",
                    "State": "disassociating" if self.disassociating else state,
                    "IamInstanceProfile": {"Arn": arn(self.attached)},
                }
            ]
        return {"IamInstanceProfileAssociations": [each for each in found if not states or each["State"] in states]}

    def _get_instance_profile(self, InstanceProfileName: str) -> Answer:  # noqa: N803
        if InstanceProfileName not in self.profiles:
            raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": "no"}}, "GetInstanceProfile")
        role = self.profiles[InstanceProfileName]
        return {"InstanceProfile": {"Roles": [{"RoleName": role}] if role else []}}

    def _associate_iam_instance_profile(self, InstanceId: str, IamInstanceProfile: Answer) -> Answer:  # noqa: N803
        assert InstanceId == INSTANCE
        assert not self.attached
        return self.attach(IamInstanceProfile["Name"])

    def _replace_iam_instance_profile_association(self, AssociationId: str, IamInstanceProfile: Answer) -> Answer:  # noqa: N803
        assert AssociationId == "iip-assoc-1"
        return self.attach(IamInstanceProfile["Name"])

    def _describe_instance_information(self, Filters: list[Answer]) -> Answer:  # noqa: N803
        assert Filters == [{"Key": "InstanceIds", "Values": [INSTANCE]}]
        registered = self.awake_at is not None and self.now >= self.awake_at
        ping = "Online" if self.online() else "ConnectionLost"
        if self.reported_before and self.attached_at and not (self.awake_at and self.now >= self.awake_at):
            registered, ping, last_ping = True, "Online", self.attached_at - 60
        else:
            last_ping = self.now
        information = {
            "PingStatus": ping,
            "AgentVersion": "3.3.1",
            "LastPingDateTime": datetime.fromtimestamp(last_ping, UTC),
        }
        return {"InstanceInformationList": [information] if registered else []}

    def _reboot_instances(self, InstanceIds: list[str]) -> Answer:  # noqa: N803
        assert InstanceIds == [INSTANCE]
        self.restarted()
        return {}

    def _stop_instances(self, InstanceIds: list[str]) -> Answer:  # noqa: N803
        assert InstanceIds == [INSTANCE]
        self.state = "stopped"
        return {}

    def _start_instances(self, InstanceIds: list[str]) -> Answer:  # noqa: N803
        assert InstanceIds == [INSTANCE]
        self.state = "running"
        self.restarted()
        return {}

    def _send_command(self, DocumentName: str, InstanceIds: list[str], **_: Any) -> Answer:  # noqa: N803
        assert (DocumentName, InstanceIds) == ("ssmwake", [INSTANCE])
        if not self.online():
            raise ClientError({"Error": {"Code": "InvalidInstanceId", "Message": "not valid"}}, "SendCommand")
        self.commanded, self.sent_at = True, self.now
        if self.lost_after_command == "right":
            self.refuses["DescribeInstanceInformation"] = ["AccessDeniedException!"]
        return {"Command": {"CommandId": "0123456789-0123456789-0123456789-012345"}}

    def _list_command_invocations(self, CommandId: str, InstanceId: str, Details: bool) -> Answer:  # noqa: N803
        assert Details
        done = self.now >= self.sent_at + self.answer_after
        role = self.reports or self.profiles[self.attached]
        output = f"reason: ready\nrole: {role}\nagent: online\n"
        status = self.status if done else "InProgress"
        return {"CommandInvocations": [{"Status": status, "CommandPlugins": [{"Output": output if done else ""}]}]}


@dataclass(frozen=True)
class Client:
    """What boto3.client(...) is in a script of the runbook."""

    world: World
    service: str

    def __getattr__(self, method: str) -> Callable[..., Answer]:
        apis = {xform_name(api): api for api in model(self.service).operation_names}
        return lambda **given: self.world.call(self.service, apis[method], **given)


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@cache
def operation(service: str, api: str) -> OperationModel:
    found: OperationModel = model(service).operation_model(api)
    return found
