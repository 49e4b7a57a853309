"""The kind that a file is meant to be, from its name and first lines, where its content alone is not enough."""

import re
from pathlib import PurePosixPath

from ssmwake.cloud_init.unrecognized import (
    FILLED_IN,
    FOREIGN,
    JSON_KEYS,
    KEYS,
    first_line,
    is_misspelt_header,
    looks_like_shell,
)
from ssmwake.lint.names import is_in_user_data_folder, says_user_data

# Keys of cloud-config that hardly anything else has at the margin, with the lists that they hold.
DISTINCT = re.compile(
    r"(?m)^(?:runcmd|bootcmd|write_files)[ \t]*:[ \t]*(?:\[|(?:#.*)?\r?\n(?:[ \t]*#.*\r?\n)*[ \t]*-[ \t])"
)
RESOURCE = re.compile(r"(?m)^[ \t]+[\"']?Type[\"']?[ \t]*:[ \t]*[\"']?AWS::\w+::\w+")
LIST = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:-\s|\[)")
# The versions of SSM documents; other formats with a schemaVersion have others, or other fields.
VERSION = re.compile(r"[ \t]*[\"']?(?:0\.3|1\.[02]|2\.[02])[\"']?[ \t]*,?\s*$", re.MULTILINE)
ACTION = re.compile(
    r"[\"']?(?:action|assumeRole|sessionType)[\"']?[ \t]*:[ \t]*[\"']?(?:aws:\w|\{\{|arn:|Standard_|[A-Z])"
)
MIME_HEAD = re.compile(
    r"(?i)\s*(?:content-type[ \t]*:[ \t]*multipart/|--\S+[ \t]*\r?\n(?:content|mime)-\w[\w-]*[ \t]*:)"
)
# The header of a cloud-config below comments, below the beginning of a document, or below a misspelt one of a template.
HEADER_BELOW = re.compile(r"(?:[ \t]*(?:#[^\n]*|---[ \t]*)?\r?\n){1,12}?#cloud-config[ \t]*\r?$", re.MULTILINE)
SHELL_SUFFIX = re.compile(r"(?i)(?:\.(?:sh|bash)(?:\.(?:tpl|tmpl|tftpl|j2|jinja2?))?|(?:^|/)[^./]+)$")
# The commands that a script for the first boot begins with.
SETUP = re.compile(
    r"(?:sudo\s+)?(?:(?:yum|dnf|apt-get|apt|apk|zypper|microdnf)\s+(?:-\S+\s+)*(?:update|upgrade|install|makecache|add)\b"
    r"|amazon-linux-extras\s|systemctl\s+(?:\S+\s+)?(?:enable|start)\s|service\s+\S+\s+start\b)"
)
IMDS = re.compile(r"169\.254\.169\.254|fd00:ec2::254|\binstance-data(?:\.\w|/)")
# What a script does only at a boot of EC2: it logs as user data, or starts what AWS runs from there.
BOOTS = re.compile(
    r"(?m)/var/log/user-?_?data\b|^[^#\n]*>>?\s*/etc/ecs/ecs\.config\b|^\s*(?:sudo\s+)?/etc/eks/bootstrap\.sh\s"
    r"|^[^#\n]*\bcfn-(?:init|signal)\s+-|^\s*(?:sudo\s+)?nodeadm\s+init\b"
)
# A heading such as `# User data for the web servers`, in one of the first lines.
HEADING = re.compile(r"(?im)^#+[ \t]*(?:(?:ec2|aws|instance|the|this is(?: the| an?)?)[ \t]+)*(?:user[-_ ]?data)\b")
HEAD_LINES = 8


def is_template(text: str, path: str) -> bool:
    """Return whether a text is meant to be a CloudFormation template, even if YAML cannot read it."""
    if not _is_data(path):
        return False
    if _key(text, "AWSTemplateFormatVersion"):
        return True
    resources = _key(text, "Resources")
    # An AppSpec of CodeDeploy has a list of them.
    return resources is not None and not LIST.match(text, resources.end()) and RESOURCE.search(text) is not None


def is_document(text: str, path: str) -> bool:
    """Return whether a text is meant to be an SSM document, even without steps."""
    key = _key(text, "schemaVersion") if _is_data(path) else None
    # A component of EC2 Image Builder has a version and actions too, and phases instead of steps.
    if key is None or _key(text, "phases"):
        return False
    return VERSION.match(text, key.end()) is not None and ACTION.search(text) is not None


def is_launch_template(text: str, path: str) -> bool:
    """Return whether a text is meant to be launch-template data, even if JSON cannot be read."""
    return _is_data(path) and _key(text, "LaunchTemplateData") is not None


def _is_data(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in ("", ".yaml", ".yml", ".json", ".template", ".cfn", ".txt")


def _key(text: str, name: str) -> re.Match[str] | None:
    """Return where a key of the outermost mapping is written: at the margin, in JSON behind the first margin."""
    start = text.lstrip()
    if not start.startswith("{"):
        return re.search(rf"(?m)^[\"']?{name}[\"']?[ \t]*:", text)
    # The first key may be on the line of the bracket, and the others are indented as it is.
    first = re.match(r"\{\s*?\n?([ \t]*)", start)
    margin = re.escape(first[1]) if first else ""
    return re.search(rf"(?m)(?:^{margin}|\A\s*\{{\s*)[\"']{name}[\"'][ \t]*:", text)


def is_user_data(text: str, path: str) -> bool:
    """Return whether a text that cloud-init would ignore is meant to be user data."""
    if not text.strip() or FILLED_IN.match(text):
        return False
    if MIME_HEAD.match(text) or FOREIGN.match(text):
        return MIME_HEAD.match(text) is not None or says_user_data(path)
    if is_misspelt_header(first_line(text)):
        return says_user_data(path) or KEYS.search(text) is not None
    if HEADER_BELOW.match(text):
        return True
    if says_user_data(path):
        # Such a file may hold values for another program, or prose about user data.
        doubtful = path.lower().endswith((".yaml", ".yml", ".cfg", ".txt"))
        has_keys = KEYS.search(text) is not None or JSON_KEYS.match(text) is not None
        return not doubtful or has_keys or (path.lower().endswith(".txt") and looks_like_shell(text))
    if path.lower().endswith((".yaml", ".yml")):
        return len({match[0] for match in KEYS.finditer(text)}) > 1 and DISTINCT.search(text) is not None
    return bool(SHELL_SUFFIX.search(path)) and begins_with_setup(text)


def begins_with_setup(text: str) -> bool:
    """Return whether the first command of a script without #! installs, starts a service or asks IMDS."""
    for line in text.splitlines()[:60]:
        if line.strip() and not line.lstrip().startswith("#") and not re.match(r"\s*(?:set|export)\s", line):
            return SETUP.match(line) is not None or IMDS.search(line) is not None
    return False


def runs_at_boot(text: str, path: str) -> bool:
    """Return whether a script is user data by its name, its folder, its heading, or what it starts."""
    if says_user_data(path) or is_in_user_data_folder(path):
        return True
    head = "\n".join(text.splitlines()[:HEAD_LINES])
    return HEADING.search(head) is not None or BOOTS.search(text) is not None


def asks_imds(text: str) -> bool:
    """Return whether a text names the metadata service: it is written for an instance, whatever starts it."""
    return IMDS.search(text) is not None
