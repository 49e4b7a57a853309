"""What CloudFormation waits for: signals that somebody has to send, by the name of a resource that there is."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from ssmwake.lint.aws.instance import commands_of
from ssmwake.lint.cloudformation.instances import CONFIGURATION, GROUP, INSTANCE, LAUNCH_TEMPLATE, Launch
from ssmwake.lint.cloudformation.template import Resource, Template, call, plain, references
from ssmwake.lint.documents.automation import DURATION, NOT_ISO_8601
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding, Location
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import pairs, value

NOBODY_SIGNALS = rule(
    "SW263",
    ERROR,
    "a signal that nobody sends",
    reason="the stack waits until the time is up, and rolls back",
    also={WARNING: "where a program that lint does not know may signal"},
)
UNKNOWN_RESOURCE = rule("SW264", ERROR, "a signal to the wrong resource", reason="CloudFormation refuses the signal")

WAIT_CONDITION = "AWS::CloudFormation::WaitCondition"
DOCUMENT = "AWS::SSM::Document"
# Ways to send a signal, whoever does it.
API = re.compile(r"signal[-_]?resource", re.IGNORECASE)
SIGNALS = re.compile(rf"cfn-signal|{API.pattern}", re.IGNORECASE)
# Programs that send no signal, and run nothing of which lint does not know whether it does.
HARMLESS = {
    *("yum", "dnf", "apt-get", "apt", "amazon-linux-extras", "systemctl", "service", "echo", "printf", "cat", "mkdir"),
    *("chmod", "chown", "cp", "mv", "ln", "rm", "touch", "sed", "awk", "grep", "tee", "sleep", "date", "set", "cd"),
    *("hostnamectl", "timedatectl", "useradd", "groupadd", "usermod", "chkconfig", "mount", "mkfs", "swapon", "mkswap"),
    *("dd", "logger", "sysctl", "modprobe", "fi", "true", "false", "test", "[", "[[", "exit", "tr", "cut", "sort"),
    *("head", "tail", "wc", "tar", "unzip", "id", "hostname", "a2enmod", "a2ensite", "ufw", "done", "esac", "case"),
    "",
}
IN_METADATA = re.compile(r"cfn-(?:signal|init)\b[^\n]{0,400}?--resource[ =]+[\"']?(?P<name>[A-Za-z0-9]+)\b")


@dataclass(frozen=True)
class _Signal:
    """A signal, or another call of cfn-init and the like, and the resource that it names; None for another."""

    where: Location
    name: str | None
    signals: bool


def check(template: Template, launches: Sequence[Launch]) -> Iterator[Finding]:
    """Yield each wait for a signal that nobody sends, and each signal that names no resource of the template."""
    sent = {id(launch): list(_sent(launch)) for launch in launches}
    for signals in sent.values():
        for one in signals:
            yield from _unknown(template, one)
    for resource in template.resources.values():
        yield from _metadata(template, resource)
        yield from _handle(template, resource)
        policy = pairs(resource.node).get("CreationPolicy")
        waits = value(policy[1], "ResourceSignal") if policy else None
        if policy is None or waits is None or call(policy[1]) or call(waits):
            continue
        yield from _timeout(template, waits)
        if plain(value(waits, "Count")) == "0" or template.generated:
            continue
        yield from _unsignalled(template, resource, template.source.of(policy[0]), launches, sent)


def _handle(template: Template, resource: Resource) -> Iterator[Finding]:
    """Yield a wait condition whose handle, the URL to signal to, is given to nobody."""
    node = resource.get("Handle")
    if resource.kind != WAIT_CONDITION or node is None or template.generated:
        return
    others = [other.node for other in template.resources.values() if other is not resource]
    others += [outputs] if (outputs := value(template.root, "Outputs")) else []
    for handle in template.referred(node, f"{WAIT_CONDITION}Handle"):
        if not any(handle.name in references(other) for other in others):
            message = (
                f"nobody can signal, as nothing else refers to {handle.name}; pass it to what signals, or remove this"
            )
            yield NOBODY_SIGNALS.at(template.source.of(node), message)


def _timeout(template: Template, waits: yaml.Node) -> Iterator[Finding]:
    node = value(waits, "Timeout")
    said = plain(node)
    if node is not None and said is not None and not DURATION.fullmatch(said):
        message = f"'{said[:60]}' is not an ISO 8601 duration; write one such as PT15M"
        yield NOT_ISO_8601.at(template.source.of(node), message)


def _sent(launch: Launch) -> Iterator[_Signal]:
    for source, command in commands_of(_scripts(launch)):
        if command.name not in ("cfn-signal", "cfn-init", "cfn-get-metadata"):
            continue
        words = command.argv[1:]
        named = None
        short = command.name != "cfn-signal"
        for number, word in enumerate(words):
            if word.text == "--resource" or (short and word.text == "-r"):
                named = words[number + 1] if number + 1 < len(words) else None
                name = named.text if named else None
            elif word.text.startswith("--resource="):
                named, name = word, word.text.partition("=")[2]
        if named is None:
            yield _Signal(source.at_offset(command.argv[0].start), None, command.name == "cfn-signal")
            continue
        where = source.at_offset(named.start + len(named.text) - len(name or ""))
        known = name if name and not re.search(r"[$`]", name) and not WORD.search(name) else None
        yield _Signal(where, known, command.name == "cfn-signal")


def _unknown(template: Template, one: _Signal) -> Iterator[Finding]:
    if one.name is None or one.name in template.resources or template.generated:
        return
    near = difflib.get_close_matches(one.name, template.resources, 1)
    hint = f"did you mean {near[0]}?" if near else "write the logical id of the resource"
    yield UNKNOWN_RESOURCE.at(one.where, f"the template has no resource {one.name[:60]}; {hint}")


def _metadata(template: Template, resource: Resource) -> Iterator[Finding]:
    """Yield each name in the files and commands of cfn-init that no resource has."""
    left = [value(resource.node, "Metadata")]
    seen: set[int] = set()
    while left:
        node = left.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            inner = template.source.inner(node)
            for match in IN_METADATA.finditer(inner.text):
                yield from _unknown(
                    template, _Signal(inner.at_offset(match.start("name")), match["name"], signals=True)
                )
        else:
            left += [part for one in node.value for part in (one if isinstance(one, tuple) else (one,))]


def _unsignalled(
    template: Template,
    resource: Resource,
    where: Location,
    launches: Sequence[Launch],
    sent: dict[int, list[_Signal]],
) -> Iterator[Finding]:
    if resource.kind not in (INSTANCE, GROUP):
        # Somebody else signals for a wait condition, by its name.
        if resource.kind == WAIT_CONDITION and not SIGNALS.search(template.source.text):
            yield NOBODY_SIGNALS.at(
                where, "nothing sends the signal that this waits for; call cfn-signal, or remove the policy"
            )
        return
    mine = _launches_of(resource, launches)
    if mine is None or _elsewhere(template, resource, mine):
        return
    signals = [one for launch in mine for one in sent[id(launch)] if one.signals]
    if any(one.name in (None, resource.name) for one in signals):
        return
    wrong = next((one for one in signals if one.name in template.resources), None)
    if wrong is not None:
        message = f"signals {wrong.name}, but {resource.name} waits for the signal; write {resource.name}"
        yield UNKNOWN_RESOURCE.at(wrong.where, message)
        return
    names = {command.name for launch in mine for _, command in commands_of(_scripts(launch))}
    # A file that the script writes may signal, whenever it is run.
    written = any(SIGNALS.search(script.text) for launch in mine for script in _scripts(launch))
    # What eval runs is only there when it runs.
    if signals or written or "eval" in names or not all(_is_known(launch) for launch in mine):
        return
    # What a program does that lint does not know it cannot tell.
    severity = None if names <= HARMLESS else WARNING
    message = (
        "nothing sends the signal that this waits for; call cfn-signal at the end of UserData, or remove the policy"
    )
    yield NOBODY_SIGNALS.at(where, message, severity=severity)


def _launches_of(resource: Resource, launches: Sequence[Launch]) -> list[Launch] | None:
    """Return what describes the instances of a resource; None where another template does."""
    names = references(resource.get())
    described = [
        launch
        for launch in launches
        if launch.resource is resource
        or (launch.resource.kind in (LAUNCH_TEMPLATE, CONFIGURATION) and launch.resource.name in names)
    ]
    if resource.kind == INSTANCE and resource.get("LaunchTemplate") is not None and len(described) < 2:
        return None
    return described or None


def _elsewhere(template: Template, resource: Resource, mine: Sequence[Launch]) -> bool:
    """Return whether somebody else may signal: a call of the API, cfn-init as the metadata says, or an SSM document."""
    own = [resource.node, *(launch.resource.node for launch in mine)]
    others = [value(node, "Metadata") for node in own]
    others += [other.node for other in template.resources.values() if other.kind == DOCUMENT]
    texts = [template.source.text[node.start_mark.index : node.end_mark.index] for node in others if node is not None]
    return API.search(template.source.text) is not None or any(SIGNALS.search(text) for text in texts)


def _scripts(launch: Launch) -> Sequence[Source]:
    return launch.user_data.scripts if launch.user_data else ()


def _is_known(launch: Launch) -> bool:
    """Return whether the user data is there to be looked at, or there is none."""
    return value(launch.node, "UserData") is None or bool(_scripts(launch))
