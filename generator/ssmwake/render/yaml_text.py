"""Write text as a YAML scalar that parses back to the same characters, whatever they are."""

import re
import sys
from typing import Any


def quoted(text: str) -> str:
    """Return the text as a YAML scalar on one line: plain where that is safe, else in double quotes."""
    if re.fullmatch(r"[A-Za-z/][A-Za-z0-9/._=-]*( [A-Za-z0-9/._=|!-]+)*", text) and text.lower() not in WORDS:
        return text
    import yaml

    return yaml.dump(text, default_style='"', width=sys.maxsize, allow_unicode=False).removesuffix("\n")


# What YAML 1.1 takes for something else than text.
WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def block(text: str, indent: int) -> str:
    """Return the text as a literal block, its lines indented; in double quotes where a block cannot hold it."""
    # One line end at the end, no blank first line, and nothing that YAML would fold, escape or refuse.
    if not re.fullmatch(r"[!-~][\t\n -~]*[!-~]\n", text):
        return quoted(text)
    margin = " " * indent
    return "|\n" + "\n".join(margin + line if line else "" for line in text.removesuffix("\n").split("\n"))


def as_yaml(value: Any) -> str:
    """Return a value as YAML, its keys in their order, and what holds no other collection on one line."""
    import yaml

    class Plain(yaml.SafeDumper):
        """Without aliases, which CloudFormation refuses."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    text: str = yaml.dump(value, Dumper=Plain, default_flow_style=None, sort_keys=False, width=120)
    return text
