"""Files of write_files whose owner is not there yet: cloud-init writes them before it makes users and groups."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import Pairs, effective, items, text_of

OWNER = rule(
    "SW249",
    ERROR,
    "a file whose owner comes later",
    reason="write_files fails there, and writes none of the files after",
    also={WARNING: "where the owner is a default user, which an image may have"},
)

# The users that the images of a distribution do not hold: cloud-init makes them at the first boot.
DEFAULT_USERS = {"ubuntu", "ec2-user", "debian", "admin", "fedora", "centos", "rocky", "almalinux", "cloud-user"}


def check(source: Source, root: yaml.MappingNode) -> Iterator[Finding]:
    """Yield the owner of each file that belongs to a user or a group of this cloud-config, or to the default user."""
    found = effective(root)
    users, groups = _users(found), _groups(found)
    for item in items(found["write_files"][1]) if "write_files" in found else []:
        file = effective(item)
        owner = file["owner"][1] if "owner" in file else None
        if not isinstance(owner, yaml.ScalarNode) or _is_true(file, "defer"):
            continue
        user, _, group = owner.value.partition(":")
        cure = "add defer: true (cloud-init 21.4 and later), or use chown in runcmd"
        for name, made, what in ((user, users, "user"), (group, users | groups, "group")):
            if name in made:
                message = f"write_files runs before the {what} {name[:60]} is made; {cure}"
                yield OWNER.at(source.of(owner), message)
                break
        else:
            if user in DEFAULT_USERS:
                # An image that was made of an instance has the user already.
                message = f"at the first boot write_files runs before cloud-init makes the user {user}; {cure}"
                yield OWNER.at(source.of(owner), message, severity=WARNING)


def _users(found: Pairs) -> set[str]:
    names = set()
    for item in items(found["users"][1]) if "users" in found else []:
        user = effective(item)
        names.add(text_of(user["name"][1]) if "name" in user else text_of(item))
    if "user" in found:
        user = effective(found["user"][1])
        names.add(text_of(user["name"][1]) if "name" in user else text_of(found["user"][1]))
    return names - {"", "default", "root"}


def _groups(found: Pairs) -> set[str]:
    node = found["groups"][1] if "groups" in found else None
    if isinstance(node, yaml.ScalarNode):
        return {name.strip() for name in node.value.split(",")} - {"", "root"}
    if isinstance(node, yaml.MappingNode):
        return set(effective(node)) - {"root"}
    names = {name for item in items(node) for name in [text_of(item), *effective(item)]}
    return names - {"", "root"}


def _is_true(file: Pairs, key: str) -> bool:
    return key in file and text_of(file[key][1]).lower() in ("true", "yes", "on", "1")
