"""The Automation runbook, walked against a fake account: every step, every way out, every sentence."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ssmwake.model import Config
from ssmwake.render import Rendering
from ssmwake.render.runbook_policy import CONSENT
from ssmwake.resources import templates
from support.runbook_walk import Walk, edges, walk
from support.runbook_world import World, arn, model

DOCUMENT: dict[str, Any] = yaml.safe_load(Rendering(Config()).text("ssm/automation.yaml"))
STEPS = {step["name"]: step for step in DOCUMENT["mainSteps"]}
ONLINE = ["Repair", "Confirm"]
ASSOCIATED = ["Look", "Choose", "Associate", "WaitAssociated", "WaitShort"]
OTHER = arn("web").replace("123456789012", "999999999999")


# what is there, what is asked for, the steps after those of a plain association, what the sentence at the end says
SUCCESSES = {
    "a profile is attached": (World(), {"InstanceProfile": "web"}, [*ASSOCIATED, *ONLINE]),
    "an ARN names the profile": (World(), {"InstanceProfile": arn("web")}, [*ASSOCIATED, *ONLINE]),
    "the profile is there": (
        World(attached="web"),
        {"InstanceProfile": "web"},
        ["Look", "Choose", "WaitShort", *ONLINE],
    ),
    "what is attached is kept": (World(attached="old"), {}, ["Look", "Choose", "WaitShort", *ONLINE]),
    "another profile is replaced": (
        World(attached="old"),
        {"InstanceProfile": "web", "ReplaceProfile": "yes"},
        ["Look", "Choose", "Replace", "WaitReplaced", "WaitShort", *ONLINE],
    ),
    "IAM is slow": (
        World(refuses={"AssociateIamInstanceProfile": ["InvalidParameterValue"] * 4}),
        {"InstanceProfile": "web"},
        [*ASSOCIATED, *ONLINE],
    ),
    "SSM throttles": (
        World(refuses={"DescribeInstanceInformation": ["ThrottlingException"] * 3}),
        {"InstanceProfile": "web"},
        [*ASSOCIATED, *ONLINE],
    ),
    "the instance was launched a moment ago": (
        World(state="pending", runs_after=40),
        {"InstanceProfile": "web"},
        [*ASSOCIATED, *ONLINE],
    ),
    "the agent sleeps for half an hour": (
        World(online_after=1800),
        {"InstanceProfile": "web"},
        [*ASSOCIATED, "ChooseFallback", "WaitLong", *ONLINE],
    ),
    "a reboot wakes it": (
        World(online_after=None),
        {"InstanceProfile": "web", "Fallback": "reboot"},
        [*ASSOCIATED, "ChooseFallback", "Reboot", "WaitLong", *ONLINE],
    ),
    "a stop and a start wake it": (
        World(online_after=None, refuses={"StartInstances": ["InsufficientInstanceCapacity"]}),
        {"InstanceProfile": "web", "Fallback": "stop-start"},
        [*ASSOCIATED, "ChooseFallback", "Stop", "Start", "WaitLong", *ONLINE],
    ),
}

REFUSALS: dict[str, tuple[World, dict[str, str], str, str]] = {
    "no such instance": (World(state=""), {"InstanceProfile": "web"}, "Look", "account and region of the instance"),
    "an instance of another region": (
        World(refuses={"DescribeInstances": ["InvalidInstanceID.NotFound"]}),
        {"InstanceProfile": "web"},
        "Look",
        "account and region of the instance",
    ),
    "a stopped instance": (World(state="stopped"), {"InstanceProfile": "web"}, "Look", "is stopped; start it"),
    "a stopping instance": (World(state="stopping"), {"InstanceProfile": "web"}, "Look", "until it has stopped"),
    "a pending instance": (World(state="pending"), {"InstanceProfile": "web"}, "Look", "wait until it runs"),
    "a terminated instance": (World(state="terminated"), {"InstanceProfile": "web"}, "Look", "choose another instance"),
    "no profile at all": (World(), {}, "Look", "name one in the parameter InstanceProfile"),
    "a profile without a role": (
        World(profiles={"web": ""}),
        {"InstanceProfile": "web"},
        "Look",
        "has no role; add one with aws iam add-role-to-instance-profile",
    ),
    "an attached profile without a role": (World(attached="old", profiles={"old": ""}), {}, "Look", "has no role; add"),
    "a profile of another account": (World(), {"InstanceProfile": OTHER}, "Look", "create an instance profile there"),
    "a profile that is not here": (World(), {"InstanceProfile": "there"}, "Look", "create it there"),
    "a profile on its way out": (World(disassociating=True), {"InstanceProfile": "web"}, "Look", "wait a minute"),
    "no right to look": (
        World(refuses={"DescribeInstances": ["UnauthorizedOperation"]}),
        {"InstanceProfile": "web"},
        "Look",
        "may not call DescribeInstances; add it as in iam/runbook.json",
    ),
    "another profile, without consent": (
        World(attached="old"),
        {"InstanceProfile": "web"},
        "KeptOtherProfile",
        "give ReplaceProfile=yes",
    ),
    "an instance without the tag": (
        World(tags={}),
        {"InstanceProfile": "web"},
        "Look",
        "--tags Key=ssmwake,Value=managed",
    ),
    "an agent that still has the role from before": (
        World(attached="old", reports="old-role"),
        {"InstanceProfile": "web", "ReplaceProfile": "yes"},
        "Confirm",
        "is not seen online with the role web-role; the last that was seen: reason: ready role: old-role agent: online",
    ),
    "an agent that reported only before the profile": (
        World(attached="old", online_after=None, reported_before=True),
        {"InstanceProfile": "web", "ReplaceProfile": "yes"},
        "NotOnline",
        "its agent is not online",
    ),
    "an instance whose status is not fine": (
        World(attached="web", status="Failed"),
        {},
        "Confirm",
        "the last that was seen",
    ),
    "a command that never answers": (World(attached="web", answer_after=10_000), {}, "Confirm", "no answer"),
    "an association that came first": (
        World(refuses={"AssociateIamInstanceProfile": ["IncorrectState!"]}),
        {"InstanceProfile": "web"},
        "NotAssociated",
        "start this runbook again",
    ),
    "a replacement that is refused": (
        World(attached="old", refuses={"ReplaceIamInstanceProfileAssociation": ["UnauthorizedOperation!"]}),
        {"InstanceProfile": "web", "ReplaceProfile": "yes"},
        "NotAssociated",
        "lacks iam:PassRole for web-role",
    ),
    "an association that does not come": (
        World(association_after=10_000),
        {"InstanceProfile": "web"},
        "NotAssociated",
        "somebody else changed the association",
    ),
    "a replacement that does not come": (
        World(attached="old", association_after=10_000),
        {"InstanceProfile": "web", "ReplaceProfile": "yes"},
        "NotAssociated",
        "somebody else changed the association",
    ),
    "an agent that never comes": (
        World(online_after=None),
        {"InstanceProfile": "web"},
        "NotOnline",
        "Fallback=reboot",
    ),
    "no right to reboot": (
        World(online_after=None, refuses={"RebootInstances": ["UnauthorizedOperation!"]}),
        {"InstanceProfile": "web", "Fallback": "reboot"},
        "NotRestarted",
        "FallbackWithConsent",
    ),
    "no right to stop": (
        World(online_after=None, refuses={"StopInstances": ["UnauthorizedOperation!"]}),
        {"InstanceProfile": "web", "Fallback": "stop-start"},
        "NotRestarted",
        "FallbackWithConsent",
    ),
    "no capacity to start": (
        World(online_after=None, refuses={"StartInstances": ["InsufficientInstanceCapacity!"]}),
        {"InstanceProfile": "web", "Fallback": "stop-start"},
        "NotStarted",
        "start it by hand",
    ),
    "a reboot that does not help": (
        World(online_after=None, online_after_restart=None),
        {"InstanceProfile": "web", "Fallback": "reboot"},
        "NotOnline",
        "the subnet reaches Systems Manager",
    ),
    "no Command document": (
        World(refuses={"SendCommand": ["InvalidDocument!"]}),
        {"InstanceProfile": "web"},
        "NotRepaired",
        "make sure that the document exists in this account and region",
    ),
    "an agent that is lost again": (
        World(attached="web", lost_after_command="agent"),
        {},
        "Confirm",
        "ssmwake doctor i-0123456789abcdef0",
    ),
    "no right to read at the end": (
        World(attached="web", lost_after_command="right"),
        {},
        "Confirm",
        "may not call DescribeInstanceInformation",
    ),
}


def fresh(world: World) -> World:
    """A world of its own for each walk, since a walk changes it."""
    values = {name: getattr(world, name) for name in World.__dataclass_fields__}
    values["refuses"] = {api: list(codes) for api, codes in world.refuses.items()}
    return World(**{**values, "calls": []})


def refused(name: str) -> Walk:
    world, given, _, _ = REFUSALS[name]
    return walk(DOCUMENT, fresh(world), **given)


@pytest.mark.parametrize("name", SUCCESSES)
def test_the_runbook_brings_an_instance_online_when(name: str) -> None:
    world, given, steps = SUCCESSES[name]
    done = walk(DOCUMENT, fresh(world), **given)
    assert (done.status, done.steps) == ("Success", steps), done.sentence
    assert {output: done.values[output] for output in DOCUMENT["outputs"]}["Confirm.PingStatus"] == "Online"


@pytest.mark.parametrize("name", REFUSALS)
def test_the_runbook_ends_with_a_sentence_that_says_what_to_do_about(name: str) -> None:
    done = refused(name)
    _, _, step, sentence = REFUSALS[name]
    assert done.status == "Failed"
    assert done.steps[-1] == step
    assert sentence in done.sentence
    assert "{" not in done.sentence


def test_every_step_is_reached_and_every_way_out_of_it_taken() -> None:
    walks = [walk(DOCUMENT, fresh(world), **given) for world, given, _ in SUCCESSES.values()]
    taken = {edge for done in [*walks, *map(refused, REFUSALS)] for edge in done.edges}
    assert set(edges(DOCUMENT)) - taken == set()
    assert {step for step, _ in taken} == set(STEPS)


@pytest.mark.parametrize("world", [World(online_after=None), World(attached="old"), World(attached="old", state="")])
def test_nothing_is_replaced_rebooted_or_stopped_unless_a_parameter_says_so(world: World) -> None:
    done = walk(DOCUMENT, fresh(world), InstanceProfile="web")
    assert done.status == "Failed"
    destructive = {"ReplaceIamInstanceProfileAssociation", "RebootInstances", "StopInstances", "StartInstances"}
    assert not destructive & {call.partition(":")[2] for call in done.world.calls}


def test_its_policy_allows_what_it_calls_and_little_else() -> None:
    walks = [walk(DOCUMENT, fresh(world), **given) for world, given, _ in SUCCESSES.values()]
    called = {call for done in [*walks, *map(refused, REFUSALS)] for call in done.world.calls}
    policy = json.loads(Rendering(Config()).text("iam/runbook.json"))
    actions = [statement["Action"] for statement in policy["Statement"]]
    allowed = {action for each in actions for action in ([each] if isinstance(each, str) else each)}
    # What the actions of Automation call by themselves, and what attaching a profile asks for.
    inside = {"ec2:DescribeInstanceStatus", "ssm:ListCommands", "iam:PassRole"}
    assert called | inside == allowed


def test_without_a_fallback_it_waits_longer_than_an_agent_sleeps_that_was_refused() -> None:
    done = walk(DOCUMENT, World(online_after=None), InstanceProfile="web")
    assert 30 * 60 + 300 < done.world.now < 40 * 60


def test_every_step_says_how_it_ends_and_when() -> None:
    for name, step in STEPS.items():
        if step["action"] != "aws:branch":
            assert ("nextStep" in step) != step.get("isEnd", False), name
            assert step["timeoutSeconds"] > 0, name
        targets = re.findall(r'"(?:nextStep|NextStep|Default)": "(\w+)"|"step:(\w+)"', json.dumps(step))
        assert {target for pair in targets for target in pair if target} <= STEPS.keys(), name


def test_a_step_that_acts_without_a_script_of_ours_leads_to_a_sentence_when_it_fails() -> None:
    for name, step in STEPS.items():
        if step["action"] not in ("aws:branch", "aws:executeScript"):
            explained = STEPS[step["onFailure"].removeprefix("step:")]
            assert explained["inputs"]["Handler"] == "refuse", name


def test_no_value_is_pasted_into_a_script() -> None:
    scripts = [step["inputs"]["Script"] for step in STEPS.values() if step["action"] == "aws:executeScript"]
    assert scripts
    assert not [script for script in scripts if "{{" in script]


def test_being_allowed_to_start_it_does_not_mean_to_choose_the_document_that_it_runs() -> None:
    names = {step["inputs"]["DocumentName"] for step in STEPS.values() if step["action"] == "aws:runCommand"}
    names |= {
        step["inputs"]["InputPayload"].get("CommandDocument", "ssmwake")
        for step in STEPS.values()
        if "InputPayload" in step["inputs"]
    }
    assert names == {"ssmwake"}
    assert not [name for name in DOCUMENT["parameters"] if "Document" in name]


def test_a_sentence_names_no_command_that_does_not_exist() -> None:
    actions = yaml.safe_load(Rendering(Config()).text("ssm/command.yaml"))["parameters"]["Action"]["allowedValues"]
    text = Rendering(Config()).text("ssm/automation.yaml")
    assert set(re.findall(r"Action=(\w+)", text)) <= set(actions)
    assert set(re.findall(r"\bssmwake (doctor|wait|wake)\b", text)) == {"doctor"}
    sent = re.findall(r"aws (ec2|iam) ([a-z-]+)", text)
    assert sent
    for service, command in sent:
        assert command.replace("-", "") in {name.lower() for name in model(service).operation_names}, command


def test_the_tag_of_consent_is_the_same_wherever_it_is_asked_for() -> None:
    key, _, value = CONSENT.partition("=")
    policy = json.loads(Rendering(Config()).text("iam/runbook.json"))
    asked = [json.dumps(each["Condition"]) for each in policy["Statement"] if "instance/*" in str(each["Resource"])]
    assert asked
    assert all(f'"aws:ResourceTag/{key}": "{value}"' in each for each in asked)
    assert f"tags.get({key!r}) == {value!r}".replace("'", '"') in (templates() / "ssm/rescue/look.python").read_text()
    for name in ("launch-template", "instance"):
        text = Rendering(Config()).text(f"cloudformation/{name}.yaml")
        assert f"Key: {key}, Value: {value}" in text or f"Key: {key}\n            Value: {value}" in text


def test_the_runbook_fits_a_document() -> None:
    rendering = Rendering(Config())
    assert len(rendering.text("ssm/automation.yaml").encode()) < 60_000
    assert json.loads(rendering.text("ssm/automation.json")) == DOCUMENT


@pytest.mark.parametrize("value", ["web; reboot", "", "i-123", "$(id)", "i-0123456789abcdef0\n"])
def test_an_instance_id_is_one(value: str) -> None:
    with pytest.raises(AssertionError, match="InstanceId"):
        walk(DOCUMENT, World(), InstanceId=value)


def test_the_page_shows_what_it_says() -> None:
    said = [refused(name).sentence for name in REFUSALS]
    page = (Path(__file__).parents[2] / "docs/automation.md").read_text()
    rows = re.findall(r"^\| .* \| (.*) \|$", page.partition("| It finds | It says |")[2], re.MULTILINE)
    assert len(rows) == 8
    for row in rows:
        pieces = [piece.strip() for piece in row.split("...") if piece.strip()]
        assert [one for one in said if all(piece in one for piece in pieces)], row
