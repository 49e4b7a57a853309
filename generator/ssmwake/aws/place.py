"""Where to work: one region of one account."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Place:
    """One region of one account; without a role, the account of the credentials at hand."""

    region: str
    role: str = ""
    profile: str = ""

    def __str__(self) -> str:
        return f"{self.account}/{self.region}" if self.role else self.region

    @property
    def account(self) -> str:
        """The account that the role is in; empty without a role."""
        return self.role.split(":")[4] if self.role.count(":") >= 5 else self.role
