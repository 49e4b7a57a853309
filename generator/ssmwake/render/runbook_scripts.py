"""The scripts of the Automation runbook: Python that runs at AWS, kept as text, since templates/ holds no module."""

from ssmwake.resources import templates

# What this script needs of no other; the others begin with the part that tells AWS's refusals apart.
ALONE = ("refuse",)


def script(name: str) -> str:
    """Return the body of an executeScript step; its handler has the name of the script."""
    folder = templates() / "ssm" / "rescue"
    own = (folder / f"{name}.python").read_text(encoding="utf-8")
    return own if name in ALONE else (folder / "denied.python").read_text(encoding="utf-8") + "\n\n" + own
