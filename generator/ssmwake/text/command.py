"""Whether a line is a command of shell, where people and tools append commands to what is not a script."""

import re

COMMAND = re.compile(
    r"(?:(?:sudo|echo|printf|export|yum|dnf|apt|apt-get|systemctl|curl|wget|aws|cd|mkdir|chmod|sh|bash)"
    r"|/[\w./-]+)[ \t]"
)


def looks_like_command(text: str, offset: int = 0) -> bool:
    """Return whether a command that is common in user data is at the offset; others are not recognised."""
    return COMMAND.match(text, offset) is not None
