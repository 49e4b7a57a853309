"""The faults of a network that can be seen, each with its resource, its sentence and its one call."""

from dataclasses import dataclass, field

from ssmwake.operate import steps
from ssmwake.operate.facts import Acl, Facts, Interface, ListedInstance, Network, Scene, Unseen


@dataclass(frozen=True)
class NetworkFault:
    """A fault of the network: the name of its cause, the resource, a sentence, the call that repairs it.

    `is_sure` is false where a premise is a rule of thumb.
    """

    cause: str
    resource: str
    sentence: str
    do: tuple[str, ...] = ()
    short: str = ""
    is_sure: bool = True


@dataclass(frozen=True)
class Origin:
    """Where the packets come from, and the service they are for, such as `ssm`."""

    facts: Facts
    network: Network
    interface: Interface
    service: str

    @property
    def scene(self) -> Scene:
        """Where and when the facts were read."""
        return self.facts.scene

    @property
    def instance(self) -> ListedInstance:
        """The instance."""
        return self.facts.instance


@dataclass
class Notes:
    """What is found along a way: faults, what cannot be known from here, and what was not read."""

    blocks: list[NetworkFault] = field(default_factory=list)
    unknowns: list[str] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)
    is_certain: bool = True
    has_resolver: bool = True

    def miss(self, unseen: Unseen) -> None:
        """Note a part that was not read."""
        if unseen not in self.unseen:
            self.unseen.append(unseen)
            self.unknowns.append(f"{unseen.action}: {unseen.why}")

    @property
    def is_definite(self) -> bool:
        """Whether the way itself is known, so that what closes it is a fault."""
        return self.is_certain and not self.unknowns

    @property
    def is_clear(self) -> bool:
        """Whether nothing was found and nothing is open."""
        return not self.blocks and not self.unknowns


def egress_block(origin: Origin, cidr: str) -> NetworkFault:
    """Return the fault of groups that do not let 443 out."""
    group = origin.interface.groups[0]
    permission = f"IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{{CidrIp={cidr}}}]"
    step = steps.aws(
        origin.scene, "ec2", "authorize-security-group-egress", "--group-id", group, "--ip-permissions", permission
    )
    names = ", ".join(origin.interface.groups)
    return NetworkFault(
        "egress-blocked",
        group,
        f"Its security groups ({names}) let no HTTPS (443) out to where {origin.service} is.",
        (step,),
        f"{group} lets no 443 out",
    )


def acl_block(origin: Origin, acl: Acl, subnet: str, *, is_egress: bool, is_request: bool, cidr: str) -> NetworkFault:
    """Return the fault of an ACL that stops the request (to port 443), or the answer to it."""
    ports = "443" if is_request else "1024-65535"
    first, _, last = ports.partition("-")
    words = ["--network-acl-id", acl.id, "--egress" if is_egress else "--ingress"]
    words += ["--rule-number", str(_free_number(acl, is_egress)), "--protocol", "tcp", "--rule-action", "allow"]
    words += ["--cidr-block", cidr, "--port-range", f"From={first},To={last or first}"]
    way = "out" if is_egress else "in"
    what = f"lets no HTTPS (443) {way}" if is_request else f"lets no answer {way} (1024-65535)"
    return NetworkFault(
        "acl-blocked",
        acl.id,
        f"The network ACL {acl.id} of {subnet} {what}.",
        (steps.aws(origin.scene, "ec2", "create-network-acl-entry", *words),),
        f"{acl.id} {what}",
    )


def _free_number(acl: Acl, is_egress: bool) -> int:
    """Return a rule number that comes before every other one, or a free one where 1 is taken."""
    used = {entry.number for entry in acl.entries if entry.is_egress is is_egress}
    lowest = min(used, default=100)
    return lowest - 1 if lowest > 1 else next(number for number in range(2, 32767) if number not in used)
