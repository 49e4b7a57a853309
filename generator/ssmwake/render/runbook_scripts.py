"""The scripts of the Automation runbook: Python that runs at AWS, kept as text, since templates/ holds no module."""

import re

from ssmwake.resources import templates

# What this script needs of no other; the others begin with the part that tells AWS's refusals apart.
ALONE = ("refuse",)


def script(name: str) -> str:
    """Return the body of an executeScript step; its handler has the name of the script.

    Like the runtime, it is the source without the lines that are only a comment, and with one blank line where there
    are two: CloudFormation takes 51,200 bytes.
    """
    folder = templates() / "ssm" / "rescue"
    own = (folder / f"{name}.python").read_text(encoding="utf-8")
    text = own if name in ALONE else (folder / "denied.python").read_text(encoding="utf-8") + "\n\n" + own
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?m)^ *#.*\n", "", text))
