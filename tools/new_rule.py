"""Start a rule of lint: its value next to its check, its page, and its folder in the corpus.

python tools/new_rule.py SW282 lint.user_data.mime BARE_NEWLINES "a part with bare newlines" \\
    --severity warning --reason "readers in Go refuse it"

The check, the examples of the page and the bad files are yours to write: docs/development.md says how.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Characters of a line, as in pyproject.toml.
LONGEST = 120
TABLE = Path("generator", "ssmwake", "rules.py")
PAGE = """# {name}: {title}

Say what happens, since which version, and how the user sees it.

## Bad

```yaml
```

## Good

```yaml
```
"""


def start(root: Path, name: str, module: str, constant: str, title: str, severity: str, reason: str) -> list[Path]:
    """Write the beginnings of a rule, and return the paths; raise ValueError where the id is taken."""
    package = root / "generator" / "ssmwake"
    files = [path for path in package.rglob("*.py") if path.name != "cfn_rules.py"]
    taken = [path for path in files if f'"{name}"' in path.read_text(encoding="utf-8")]
    if taken:
        raise ValueError(f"{name} is the id of a rule in {taken[0].relative_to(root)}; ids never change their meaning")
    source = package.joinpath(*module.split(".")).with_suffix(".py")
    if not source.is_file():
        source = package.joinpath(*module.split("."), "__init__.py")
    text = source.read_text(encoding="utf-8")
    source.write_text(with_rule(text, name, constant, title, severity, reason), encoding="utf-8")
    table = root / TABLE
    table.write_text(with_module(table.read_text(encoding="utf-8"), module), encoding="utf-8")
    page = root / "docs" / "rules" / f"{name}.md"
    page.write_text(PAGE.format(name=name, title=title), encoding="utf-8")
    cases = root / "tests" / "corpus" / "bad" / name
    cases.mkdir(parents=True)
    return [source, table, page, cases]


def with_rule(text: str, name: str, constant: str, title: str, severity: str, reason: str) -> str:
    """Return a module with one more rule, below the last one or below the imports."""
    arguments = f'"{name}", {severity.upper()}, "{title}", reason="{reason}"'
    value = f"{constant} = rule({arguments})\n"
    if len(value) > LONGEST + 1:
        value = f"{constant} = rule(\n    {arguments}\n)\n"
    text = with_import(text, severity.upper())
    rules = list(re.finditer(r"^[A-Z][A-Z0-9_]* = rule\((?:[^\n]*\)|\n(?:    [^\n]*\n)*\))\n", text, re.MULTILINE))
    if rules:
        return text[: rules[-1].end()] + value + text[rules[-1].end() :]
    imports = list(re.finditer(r"^(?:from|import) [^\n(]*(?:\([^)]*\))?\n", text, re.MULTILINE))
    end = imports[-1].end()
    return f"{text[:end]}\n{value}{text[end:]}"


def with_import(text: str, severity: str) -> str:
    """Return a module that has what a rule is made with."""
    line = re.search(r"^from ssmwake\.lint\.rules import ([^\n]+)\n", text, re.MULTILINE)
    names = {severity, "rule"} | (set(line[1].split(", ")) if line else set())
    # As ruff sorts them: constants before functions.
    imported = ", ".join(sorted(names, key=lambda each: (not each.isupper(), each)))
    new = f"from ssmwake.lint.rules import {imported}\n"
    if line:
        return text.replace(line[0], new, 1)
    if place := re.search(r"^from ssmwake\.", text, re.MULTILINE):
        return text[: place.start()] + new + text[place.start() :]
    imports = list(re.finditer(r"^(?:from|import) [^\n(]*(?:\([^)]*\))?\n", text, re.MULTILINE))
    at = imports[-1].end() if imports else text.index('"""\n', 3) + len('"""\n')
    return f"{text[:at]}\n{new}{text[at:]}"


def with_module(text: str, module: str) -> str:
    """Return the table with a module among those whose rules it gathers."""
    entry = f'    "{module}",\n'
    if entry in text:
        return text
    start = text.index("LINT_MODULES = (\n") + len("LINT_MODULES = (\n")
    end = text.index(")\n", start)
    return text[:start] + "".join(sorted([*text[start:end].splitlines(keepends=True), entry])) + text[end:]


def main() -> int:
    """Start the rule that the command line describes."""
    parser = argparse.ArgumentParser(description="Start a rule of lint.")
    parser.add_argument("name", metavar="ID")
    parser.add_argument("module", help="below ssmwake, such as lint.shell.imds")
    parser.add_argument("constant", help="its name in the module, such as IMDSV1")
    parser.add_argument("title", help="what is wrong, as a noun: 'a request without a token'")
    parser.add_argument("--severity", choices=("error", "warning", "info"), default="warning")
    parser.add_argument("--reason", required=True, help="what happens to those who ignore it")
    given = parser.parse_args()
    try:
        paths = start(ROOT, given.name, given.module, given.constant, given.title, given.severity, given.reason)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    for path in paths:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
