"""What Fn::Sub takes for its own in a text that is the shell's: `${X:-y}` is refused, and so is `${HOME}`."""

import re
from collections.abc import Iterator

from ssmwake.lint.cloudformation.template import Template, calls, substitution
from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding
from ssmwake.text.yaml_nodes import value

REFUSED_BY_SUB = rule("SW405", ERROR, "a variable that Fn::Sub refuses", reason="CloudFormation refuses the template")

# Up to the first brace that closes, as CloudFormation reads it.
VARIABLE = re.compile(r"\$\{([^!}\n][^}\n]{0,200})\}")
NAME = re.compile(r"[A-Za-z0-9_.:]+")
PSEUDO = re.compile(r"AWS::[A-Za-z]+")


def check(template: Template) -> Iterator[Finding]:
    """Yield each variable of Fn::Sub that CloudFormation refuses."""
    if template.generated:
        return
    named = set(template.parameters) | set(template.resources)
    for found in calls(value(template.root, "Resources")):
        scalar, own = substitution(found) if found.name == "Fn::Sub" else (None, {})
        if scalar is None or "${" not in scalar.value:
            continue
        source = template.source.inner(scalar)
        for match in VARIABLE.finditer(source.text):
            name = match[1].strip()
            escaped = f"; for the shell's own write ${{!{match[1]}}}"
            where = source.at_offset(match.start())
            if not NAME.fullmatch(name):
                message = f"Fn::Sub refuses {match[0]}, whose name has more than letters, digits, '_', '.' and ':'"
                yield REFUSED_BY_SUB.at(where, message + escaped)
            elif not (name in own or name.split(".")[0] in named or PSEUDO.fullmatch(name)):
                yield REFUSED_BY_SUB.at(where, f"Fn::Sub finds no parameter or resource for {match[0]}" + escaped)
