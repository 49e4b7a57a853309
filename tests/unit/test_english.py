"""The prose of the project, in plain English: docs, help, messages, docstrings, comments and names of tests.

Each pattern is a turn of phrase that is always wrong here, with what to write instead.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What is rendered repeats its templates; the cases of lint are files that other people wrote.
FOLDERS = ("docs", "generator", "templates", "tests", "tools", "benchmarks", ".github")
NOT_PROSE = (
    "tests/corpus",
    "tests/golden",
    "tests/integration/terraform_attributes.json",
    "tests/unit/test_english.py",
)
SUFFIXES = {".md", ".py", ".sh", ".j2", ".json", ".yaml", ".yml", ".hcl", ".tf"}

NOUNS = (
    "argument|ASCII|code|example|finding|form|JSON|MIME|mistake|name|number|path|region|role|schema|size|text|time|URL|"
    "user data|UTF-8|YAML"
)
MARKS = {
    rf"(?<![Tt]here )\b(?:is|are|was|were) no (?:{NOUNS})\b": "is not a ...; is not valid ...",
    r"\b(?:that|which|what) (?:is|are) none\b": "that is not one; say what it is",
    r"\bknows? no\b": "does not know",
    r"\b[Ww]ho wants\b": "to ...",
    r"\bstands? twice\b": "is duplicated",
    r"\b[Hh]old [\w'` ]{1,40} against\b|\b[Hh]eld against\b": "check ... against",
    r"\b(?:mend|mends|mended|mending)\b": "fix",
    r"\b(?:heed|heeds|heeded|heeding)\b": "respect",
    r"\b(?:spare|spares|spared)\b": "ignore, keep",
    r"\b(?:heard|hears|hear) of\b": "name who reports",
    r"\bkin\b": "related",
    r"\b(?:none |nothing |not |is |are |word |user data |folder |rooms )of (?:ours|theirs)\b": "our own, their own",
    r"\b[Bb]eside\b": "next to; together with",
    r"\b[Ss]o many\b": "this many",
    r"\bWhose\b": "name the thing",
    r"\bcorrect it\b|\blook at the path\b|\bmake it smaller\b": "the thing to do, or nothing",
    r"\b[Ll]int says nothing\b|\bsays nothing of\b": "reports nothing",
    r"\b(?:the )?config says\b": "the config sets",
    r"\bis told\b|\bare told\b|\btold (?:of|once|at)\b": "is reported",
    r"\brestarted in order\b": "restarted gracefully",
    r"\b[Ii]n the place of\b|\bin its stead\b": "instead of",
    r"\b[Tt]he person\b": "the user",
    r"\b[Gg]ive or take\b": "about",
}  # fmt: skip


def files() -> Iterator[Path]:
    """Yield every file that holds prose."""
    yield from (path for path in ROOT.glob("*.md"))
    yield ROOT / "Makefile"
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in SUFFIXES and path.is_file() and not name.startswith(NOT_PROSE):
                yield path


def marks(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the words and the advice of each mark; in names of tests an underscore is a space."""
    text = re.sub(r"\btest_\w+", lambda name: name[0].replace("_", " "), text)
    for pattern, advice in MARKS.items():
        for match in re.finditer(pattern, text):
            yield text.count("\n", 0, match.start()) + 1, match[0], advice


def test_the_prose_is_plain_english() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words!r}: {advice}"
        for path in files()
        for line, words, advice in marks(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "def test_what_is_no_name_is_refused() -> None:",
        "the port is no number",
        "hold the policy against the role",
        "one that stands twice",
        "So many files fit on a command line.",
    ],
)
def test_a_mark_is_found(text: str) -> None:
    assert list(marks(text))


@pytest.mark.parametrize("text", ["there is no role", "is no longer asked", "is no more than a second"])
def test_good_english_is_not_marked(text: str) -> None:
    assert not list(marks(text))
