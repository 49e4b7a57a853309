"""The one ordered table of causes: the verdict on an instance is the first that holds, and known ones follow.

To add a cause, put its value and its judge into the module of its kind, and a folder with its case into
`tests/cases/doctor`. The modules stand here in root order: what is below rests on what is above.
"""

from ssmwake.operate.causes import channel, identity, machine, path, role_in_use, sleep, unknown
from ssmwake.operate.causes.cause import Cause, CauseFinding, Confidence

CAUSES: tuple[Cause, ...] = (
    machine.NO_LOOK,
    machine.NOT_FOUND,
    machine.FAILED,
    machine.GONE,
    role_in_use.OLD_ROLE,
    *machine.CAUSES,
    *identity.CAUSES,
    role_in_use.OTHER_ROLE,
    identity.ROLE_DENIED,
    *path.CAUSES,
    *channel.CAUSES,
    *sleep.CAUSES,
    unknown.CANNOT_TELL,
)

BY_NAME = {cause.name: cause for cause in CAUSES}

__all__ = ["BY_NAME", "CAUSES", "Cause", "CauseFinding", "Confidence"]
