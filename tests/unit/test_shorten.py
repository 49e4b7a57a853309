"""The shorter script does what the long one does."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmwake.render.runtime import runtime, source
from ssmwake.render.shorten import shortened

SHELLS = (["dash"], ["bash", "--posix"], ["busybox", "sh"], ["mksh"], ["yash"], ["ksh93"])


def run(script: str, *arguments: str, shell: list[str] = SHELLS[0]) -> tuple[str, int]:
    done = subprocess.run([*shell, "-c", script, "sh", *arguments], capture_output=True, text=True, check=False)
    return done.stdout, done.returncode


SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.sh"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_and_its_short_form_say_the_same(path: Path) -> None:
    script = path.read_text()
    short = shortened(script)
    assert len(short) <= len(script)
    for shell in SHELLS:
        assert run(short, "one", "t w o", shell=shell) == run(script, "one", "t w o", shell=shell), short


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_what_is_short_stays_as_it_is(path: Path) -> None:
    short = shortened(path.read_text())
    assert shortened(short) == short


def test_words_of_another_quoting_are_copied() -> None:
    script = "long=$'a\\'b  # c'\necho \"$long\"\n"
    assert run(shortened(script), shell=["bash"]) == run(script, shell=["bash"]) == ("a'b  # c\n", 0)


def test_backquotes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"write \$\(\.\.\.\) instead"):
        shortened("echo `id`\n")


def test_only_names_that_the_script_makes_are_shorter() -> None:
    script = (
        "long_name=$SSMWAKE_ROLE$other_name\nTHEIRS=$long_name\n"
        'eval "kept=\\$kept"\nmine() { theirs "$long_name"; }\nmine\n'
    )
    short = 'a=$SSMWAKE_ROLE$other_name;THEIRS=$a;eval "b=\\$b";a(){ theirs "$a";}\na\n'
    assert shortened(script) == short


# Pieces that a script is made of; any order of them is one.
PIECES = (
    "value=$((value + 1))",
    "[ $value -lt 3 ] || value=0",
    'if [ "$value" = 1 ]; then\n    note one\nelse\n    note "two $value"\nfi',
    'case $value:$# in\n1:*) note "a  b" ;;\n*[!0-9]*) ;;\n*)\n    note c # d\n    ;;\nesac',
    'for word in x "y z" $value; do\n    note "$word" &\n    wait\ndone',
    "note() {\n    printf '%s\\n' \"note: $1\"\n}",
    "cat <<END\n$value\nEND",
    '{ note "$(note inner)" | tr a-z A-Z; } 2>/dev/null',
    "(value=9 && note $value) >&1",
    "! note \"${value%?}\" || note '$value'",
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_any_order_of_pieces_says_the_same(pieces: list[str]) -> None:
    script = "\n".join(["value=0", PIECES[5], *pieces, "note end", ""])
    assert run(shortened(script)) == run(script)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize(
    "arguments",
    [(), ("--help",), ("wait", "--role"), ("dance",), ("run", "--timeout", "x"), ("watch", "--endpoint", "a b")],
)
def test_the_runtime_and_its_source_say_the_same(shell: list[str], arguments: tuple[str, ...], tmp_path: Path) -> None:
    said = []
    for text in (source(), runtime()):
        script = tmp_path / "ssmwake"
        script.write_text(text)
        done = subprocess.run(
            [*shell, str(script), *arguments], env={"SSMWAKE_ROOT": str(tmp_path)}, capture_output=True, check=False
        )
        said.append((re.sub(rb'"waited_s":\d+', b"", done.stdout), done.stderr, done.returncode))
    assert said[0] == said[1]
    assert said[0][0]
