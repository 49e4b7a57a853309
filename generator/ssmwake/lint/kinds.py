"""What a file is, told from what it holds."""

import re
from enum import StrEnum

import yaml

from ssmwake.lint.nodes import composed, pairs, text_of, value
from ssmwake.userdata.parts import is_mime, kind_of

BOM = b"\xef\xbb\xbf"
# Headers of MIME at the margin, before the first empty line; a template has them deeper, and mail is text.
MIME = re.compile(r"(?im)^mime-version[ \t]*:")
PARTS = re.compile(r"(?im)^content-type[ \t]*:[ \t]*(?!text/(?:plain|html)\b)\S")


class Kind(StrEnum):
    """What a file can be."""

    USER_DATA = "user-data"
    SSM = "ssm"
    CLOUDFORMATION = "cloudformation"
    LAUNCH_TEMPLATE = "launch-template"


def kind(data: bytes) -> Kind | None:
    """Return what the bytes are, from what they hold; None for what lint knows nothing of."""
    text = data.removeprefix(BOM).decode("utf-8", "surrogateescape")
    if data.startswith(b"\x1f\x8b") or (is_mime(data) and _is_message(text)) or kind_of(text):
        return Kind.USER_DATA
    # A cheap look first: most files in a folder are none of ours, and YAML is slow to read.
    if not re.search(r"Resources|schemaVersion|LaunchTemplateData|UserData", text):
        return None
    try:
        root = composed(text)
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError):
        return None
    keys = set(pairs(root))
    if any(text_of(value(node, "Type")).startswith("AWS::") for _, node in pairs(value(root, "Resources")).values()):
        return Kind.CLOUDFORMATION
    if "schemaVersion" in keys and keys & {"mainSteps", "runtimeConfig", "sessionType"}:
        return Kind.SSM
    if "LaunchTemplateData" in keys or ("UserData" in keys and "Resources" not in keys):
        return Kind.LAUNCH_TEMPLATE
    return None


def _is_message(text: str) -> bool:
    head = re.split(r"\r?\n[ \t]*\r?\n", text.lstrip()[:8192], maxsplit=1)[0]
    return MIME.search(head) is not None and PARTS.search(head) is not None
