"""Where to work: one region of one account."""

from dataclasses import dataclass, field

from ssmwake.model import partition_of


@dataclass(frozen=True, order=True)
class Place:
    """One region of one account; without a role, the account of the credentials at hand."""

    region: str
    role: str = ""
    profile: str = ""
    # What a role in somebody else's account may want to hear; not a secret by IAM's rules, and not printed either.
    external_id: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.account}/{self.region}" if self.role else self.region

    @property
    def account(self) -> str:
        """The account that the role is in; empty without a role."""
        return self.role.split(":")[4] if self.role.count(":") >= 5 else self.role

    @property
    def partition(self) -> str:
        """The partition of the region, as ARNs name it."""
        return partition_of(self.region)


@dataclass(frozen=True)
class Caller:
    """Who the credentials of a place belong to, as STS says; empty where it does not answer. The alias is IAM's."""

    account: str = ""
    arn: str = ""
    alias: str = ""
