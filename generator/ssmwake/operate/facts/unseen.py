"""What could not be read: `Unseen` names the action that would read it, and proves nothing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unseen:
    """A fact that could not be read: the action that would, and why it did not."""

    action: str
    why: str = "not allowed"

    def __str__(self) -> str:
        return f"{self.action} ({self.why})"


NOT_ASKED = "not asked"
