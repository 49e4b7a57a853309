"""What a file is, told from what it holds."""

import re
from enum import StrEnum

import yaml

from ssmwake.lint.nodes import composed, pairs, text_of, value
from ssmwake.userdata.parts import is_mime, kind_of

BOM = b"\xef\xbb\xbf"


class Kind(StrEnum):
    """What a file can be."""

    USER_DATA = "user-data"
    SSM = "ssm"
    CLOUDFORMATION = "cloudformation"
    LAUNCH_TEMPLATE = "launch-template"


def kind(data: bytes) -> Kind | None:
    """Return what the bytes are, from what they hold; None for what lint knows nothing of."""
    text = data.removeprefix(BOM).decode("utf-8", "surrogateescape")
    if data.startswith(b"\x1f\x8b") or is_mime(data) or kind_of(text):
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
