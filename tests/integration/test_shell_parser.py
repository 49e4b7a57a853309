"""The reader of shell against a real parser, shfmt: both see the same commands in every script of the corpus."""

import json
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmwake.lint import File, kind, lint_all
from ssmwake.lint.deferred import Script
from ssmwake.lint.shell import shellcheck
from ssmwake.lint.shell.parser import read

ROOT = Path(__file__).parents[2]
SHFMT = Path(sysconfig.get_path("scripts")) / "shfmt"
LANGUAGES = {"sh": "posix", "dash": "posix", "ksh": "mksh"}
# The last command of each script: a reader that has lost its way in a quote or a here-document does not see it.
SENTINEL = "the_last_command"
# What readers have lost their way in; one line each.
HARD = (
    r"echo $'it\'s'",
    "(( x = 1 << 2 ))",
    "y=$(( (1 + 2) << (3 * 2) ))",
    'echo "$(( 1 << $(( 2 + 1 )) ))"',
    "for ((i = 1; i << 1 < 5; i++)); do true; done",
    "( (echo one); (echo two))",
    "x=$(case $1 in a) echo one;; (b) echo two;; esac)",
    "function f { inner; }; function g() { f; }; g",
    """echo "${x%'}'}" ; inner""",
    """echo ${x:-"$(inner one)"} "${x:+$(inner two)}" """,
    """[[ $x =~ ^(a|b)$ && $y < z ]] && inner""",
    "shopt -s extglob; rm -rf !(keep|that) && inner",
    r"x=`echo \`inner\`` ; inner",
    "a=(one $(inner) # done\n three)",
    "cat <<EOF | sh\n$(inner) `inner` \\$(not) '\nEOF",
    "cat <<'A' <<-\"B\"; inner\nit's $(not)\nA\n\t((\n\tB",
    "x=$(cat <<!\nit's\n!\n); inner",
    "echo ${#x} ${x//\\'/} $# a#b # it's",
    "if true; then { inner; } > /dev/null 2>&1; fi & inner",
    'until inner <<< "it\'s"; do :; done',
    "case x in\n  'a)' | b) one;;\n  *) two ;&\n  (esac) three\nesac",
)


@pytest.fixture(scope="module")
def scripts() -> list[Script]:
    """Every shell script that lint finds in the corpus, in the goldens and in dist/."""
    found: list[Script] = []

    def keep(scripts: list[Script], _: object = None) -> Iterator[Any]:
        found.extend(scripts)
        return iter(())

    folders = (ROOT / "tests" / "corpus", ROOT / "tests" / "golden", ROOT / "dist")
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shellcheck, "check", keep)
        lint_all(
            [File(str(path), path.read_bytes(), kind(path.read_bytes(), str(path))) for path in paths],
            with_cfn_lint=False,
        )
    return list({(script.dialect, script.source.text): script for script in found}.values())


def commands_of_shfmt(text: str, dialect: str) -> set[int] | None:
    """Return the offsets at which shfmt sees commands; None for a script that it refuses."""
    language = LANGUAGES.get(dialect, "bash")
    data = text.encode("utf-8", "replace")
    done = subprocess.run([SHFMT, "-tojson", "-ln", language], input=data, capture_output=True, check=False)
    if done.returncode:
        return None
    calls, left = set(), [json.loads(done.stdout)]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            if node.get("Type") == "CallExpr" and node.get("Args"):
                offset = node["Args"][0].get("Pos", {}).get("Offset", 0)
                calls.add(len(data[:offset].decode("utf-8", "replace")))
            left += node.values()
        elif isinstance(node, list):
            left += node
    return calls


def differences(text: str, dialect: str) -> list[str]:
    """Return the commands that only one of the two sees, and the sentinel if ours misses it."""
    text = f"{text.rstrip()}\n{SENTINEL} now\n"
    theirs = commands_of_shfmt(text, dialect)
    if theirs is None:
        return []
    found = read(text).commands
    words = {word.start for command in found for word in command.words}
    missed = [text[at : at + 60] for at in sorted(theirs - words)]
    return missed + [SENTINEL] * (not any(command.name == SENTINEL for command in found))


@pytest.mark.parametrize("text", HARD)
def test_hard_shell_is_read_as_shfmt_reads_it(text: str) -> None:
    assert commands_of_shfmt(text, "bash") is not None, "shfmt refuses it"
    assert differences(text, "bash") == []


def test_every_script_of_the_corpus_is_read_as_shfmt_reads_it(scripts: list[Script]) -> None:
    assert len(scripts) > 300
    found = {str(script.source.at(1)): differences(script.source.text, script.dialect) for script in scripts}
    assert {place: each for place, each in found.items() if each} == {}


def test_a_reader_that_loses_its_way_is_noticed() -> None:
    assert differences("echo 'it''s' \"open\n", "bash") == []
    assert commands_of_shfmt("one; two", "bash") == {0, 5}
