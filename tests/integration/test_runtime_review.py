"""What the page tells a reviewer in security is what the script does: commands, files, addresses, signals."""

import json
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmwake.render.runtime import runtime

SHFMT = Path(sysconfig.get_path("scripts")) / "shfmt"
PAGE = (Path(__file__).parents[2] / "docs" / "runtime.md").read_text()
REVIEW = PAGE.partition("\n## For a security review\n")[2].partition("\n## ")[0]
BUILT_IN = {":", "[", "break", "command", "echo", "eval", "exit", "export", "kill", "printf", "read", "return"}
BUILT_IN |= {"set", "shift", "trap", "umask", "unset", "wait"}
# Words on the page that are its own commands and functions, and verbs of systemctl.
OTHER_WORDS = {"disable", "daemon-reload", "on-ready", "main", "install", "uninstall"}


def section(title: str) -> str:
    text = REVIEW.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
    assert text, title
    return text


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


@pytest.fixture(scope="module")
def tree() -> list[dict[str, Any]]:
    command = [str(SHFMT), "--language-dialect", "posix", "--to-json"]
    done = subprocess.run(command, input=runtime(), capture_output=True, text=True, check=True)
    return list(nodes(json.loads(done.stdout)))


def source(node: dict[str, Any]) -> str:
    return runtime()[node["Pos"]["Offset"] : node["End"]["Offset"]]


@pytest.fixture(scope="module")
def calls(tree: list[dict[str, Any]]) -> list[list[str]]:
    """The words of every simple command, as they are written."""
    return [
        [source(word) for word in node["Args"]] for node in tree if node.get("Type") == "CallExpr" and "Args" in node
    ]


def programs(calls: list[list[str]], functions: set[str]) -> set[str]:
    """Return what is run: also by a function that runs its arguments, and by what `set --` prepares for a client."""
    names = set()
    for name, *words in calls:
        if name == "bounded":
            names.add(words[1])
        elif name == "set" and words[0] == "--" and re.fullmatch("[a-z][a-z0-9]+", words[1]):
            names |= {words[1]} | ({words[3]} if words[1] == "timeout" else set())
        elif name not in functions | BUILT_IN:
            names.add(name)
    return names


def test_the_commands_on_the_page_are_those_of_the_script(tree: list[dict[str, Any]], calls: list[list[str]]) -> None:
    functions = {node["Name"]["Value"] for node in tree if node.get("Type") == "FuncDecl"}
    run = programs(calls, functions)
    variable = {name for name in run if "$" in name}
    assert variable == {'"$@"', '"$2"', "$mode"}
    text = section("What it runs")
    assert variable <= quoted(text)
    listed = {word.split()[0] for word in quoted(text)}
    assert run - variable == {word for word in listed if re.fullmatch(r"[a-z][a-z0-9-]+", word)} - OTHER_WORDS
    verbs = {words[2] for name, *words in calls if name == "bounded" and words[1] == "systemctl"}
    assert verbs == {"show", "--no-block", "enable", "disable", "daemon-reload"}
    assert all(re.search(rf"`(systemctl )?{verb}", text) for verb in verbs)


FILES = {
    '"$lock"': {"/run/ssmwake/run.lock", "watch.lock", "on-ready.lock"},
    '"$run/restarted"': {"/run/ssmwake/restarted"},
    '"$run/state"': {"/run/ssmwake/state"},
    '"$run/ready"': {"/run/ssmwake/ready"},
    '"$run/on-ready"': {"/run/ssmwake/on-ready"},
    '"$run/done"': {"/run/ssmwake/done"},
    '"$lib/ready"': {"/var/lib/ssmwake/ready"},
    '"$target"': {"/usr/local/sbin/ssmwake", "/var/lib/ssmwake/ssmwake"},
    '"$conf"': {"/etc/ssmwake.conf"},
    '"$rc_script"': {"/etc/init.d/ssmwake"},
    '"$units/ssmwake.service"': {"/etc/systemd/system/ssmwake.service"},
    '"$units/ssmwake-ready.target"': {"ssmwake-ready.target"},
    '"$units/ssmwake-on-ready.service"': {"ssmwake-on-ready.service"},
}


def test_the_files_on_the_page_are_those_that_the_script_writes(
    tree: list[dict[str, Any]], calls: list[list[str]]
) -> None:
    redirected = {source(item["Word"]) for node in tree for item in node.get("Redirs", []) if item["Op"] in (">", ">>")}
    written = redirected - {"/dev/null", '"$1.${$}"'}
    written |= {words[0] for name, *words in calls if name in ("write", "try_to_write")} - {'"$@"'}
    assert written == FILES.keys()
    table = re.findall(r"^\| (`.*?) \|", section("What it writes"), re.MULTILINE)
    assert set().union(*(quoted(cell) for cell in table)) - {"/usr", "/var"} == set().union(*FILES.values())


def test_the_addresses_on_the_page_are_those_that_the_script_asks(calls: list[list[str]]) -> None:
    asked = {word.strip('"').replace("$role", "") for name, *words in calls if name == "get" for word in words}
    asked.discard("$@")
    text = section("Whom it asks")
    assert asked == {word for word in quoted(text) if word.startswith("meta-data/")}
    assert set(re.findall(r"http://(?:[0-9.]+|\[[0-9a-f:]+\]):80", runtime())) <= quoted(text)
    assert "PUT api/token" in runtime()


def test_the_signals_on_the_page_are_those_that_the_script_sends(calls: list[list[str]]) -> None:
    sent = {" ".join(words) for words in calls if words[0] == "kill"}
    assert sent == {word for word in quoted(section("Whom it sends signals")) if word.startswith("kill")}


def test_eval_occurs_as_often_as_the_page_says(calls: list[list[str]]) -> None:
    assert len([words for words in calls if words[0] == "eval"]) == 4
    assert "`eval` occurs four times" in section("Where settings come from")


def test_the_modes_on_the_page_are_those_of_the_files(calls: list[list[str]]) -> None:
    modes = {
        words[0]: [word for word in words[2:] if word.isdigit()]
        for name, *words in calls
        if name in ("write", "try_to_write")
    }
    assert modes['"$rc_script"'] == ["755"]
    assert modes['"$conf"'] == modes['"$units/ssmwake.service"'] == []
    assert '"${3:-644}"' in runtime()
    assert "umask 077" in runtime()
