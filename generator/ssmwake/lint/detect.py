"""The kind of a file, detected from its content; where that is broken, from its name and first lines."""

import re
from enum import StrEnum

from ssmwake.cloud_init.packing import is_user_data, unpacked, user_data_in
from ssmwake.cloud_init.parts import BOM, GZIP, PartKind, is_mime, is_node_config, kind_of
from ssmwake.lint import intent
from ssmwake.lint.names import says_user_data

UTF_16 = (b"\xff\xfe", b"\xfe\xff")

# Headers of MIME at the margin, before the first empty line; a template has them deeper, and mail is text.
MIME = re.compile(r"(?im)^mime-version[ \t]*:")
PARTS = re.compile(r"(?im)^content-type[ \t]*:[ \t]*(?!text/(?:plain|html)\b)\S")

# Base64 of nothing shorter than a first line.
BASE64 = re.compile(r"\s*[A-Za-z0-9+/]{16}[A-Za-z0-9+/=\s]*")

# What a request or launch-template data has besides user data: many other files have a key named UserData.
LAUNCH = frozenset({"ImageId", "InstanceType", "IamInstanceProfile", "MinCount", "SecurityGroupIds"})
# What a request to launch has besides an image, with user data or without it.
REQUEST = LAUNCH | {
    *("MaxCount", "KeyName", "SubnetId", "SecurityGroups", "BlockDeviceMappings", "NetworkInterfaces"),
    *("TagSpecifications", "Placement", "InstanceMarketOptions", "LaunchTemplate", "Monitoring"),
}


class Kind(StrEnum):
    """What a file can be."""

    USER_DATA = "user-data"
    SCRIPT = "script"
    SSM = "ssm"
    CLOUDFORMATION = "cloudformation"
    LAUNCH_TEMPLATE = "launch-template"
    TERRAFORM = "terraform"
    TEMPLATEFILE = "templatefile"


# What is not a block of Terraform may come before the first: comments and blank lines.
TERRAFORM = re.compile(
    r"(?:\s|#[^\n]*+\n|//[^\n]*+\n|(?>/\*(?s:.*?)\*/))*+"
    r"(?:(?:resource|data)[ \t]+\"[\w-]+\"[ \t]+\"[\w-]+\"|(?:module|variable|output|provider)[ \t]+\"[\w-]+\""
    r"|(?:locals|terraform))[ \t]*\{"
)
TERRAFORM_JSON = re.compile(
    r'\s*\{[\s\[{]*+"(?:resource|data|module|variable|output|provider|locals|terraform|//)"\s*:'
)
# A template of Terraform's: a statement and its end, a dollar doubled to keep it for the shell, or a function's call.
TEMPLATE = re.compile(r"%\{~?\s*(?:if|for)\s(?s:.*)%\{~?\s*end(?:if|for)\b|\$\$\{|\$\{\s*[a-z]\w*\(")
# In a file that is called a template a name in small letters is a variable of it.
SIMPLE = re.compile(r"\$\{[a-z]\w*\}")


# The fields of a document at the top, whether or not the rest can be read.
DOCUMENT = re.compile(r"^[{ ]{0,8}[\"']?schemaVersion[\"']?[ \t]*:", re.MULTILINE)
STEPS = re.compile(r"^[ \t]{0,8}[\"']?(?:mainSteps|runtimeConfig)[\"']?[ \t]*:", re.MULTILINE)
# Another program fills in the rest, and what is broken now is not then; CloudFormation has only {{resolve:...}}.
FILLED = re.compile(r"\{%|%\{|<%|\{\{(?!resolve:)")
TEMPLATED = re.compile(r"\{%|%\{|<%|\$\{|\{\{-|\{\{[ \t]*\.|^(?:Resources|Transform):", re.MULTILINE)


def kind(data: bytes, path: str = "") -> Kind | None:
    """Return what the bytes are, or are meant to be; the path helps where the content does not say it."""
    text = _text(data)
    return _by_content(data, text, path) or _by_intent(text, path)


def kind_in_folder(data: bytes, path: str) -> Kind | None:
    """Return what a file is that nobody named: a script is user data only if something identifies it as such."""
    found = kind(data, path)
    if found is not Kind.USER_DATA:
        return found
    if data.startswith(GZIP):
        return found if _unpacks_to_user_data(data) or says_user_data(path) else None
    text = _text(data)
    if kind_of(text) is not PartKind.SCRIPT or intent.runs_at_boot(text, path):
        return found
    return Kind.SCRIPT if intent.asks_imds(text) else None


def _text(data: bytes) -> str:
    if data.startswith(UTF_16):
        return data.decode("utf-16", "replace")
    return data.removeprefix(BOM).decode("utf-8", "surrogateescape")


def _unpacks_to_user_data(data: bytes) -> bool:
    try:
        plain = unpacked(data)
    except ValueError:
        return False
    return is_user_data(plain)


def _by_intent(text: str, path: str) -> Kind | None:
    if intent.is_user_data(text, path):
        return Kind.USER_DATA
    if intent.is_document(text, path):
        # Systems Manager has {{ }} of its own.
        return None if re.search(r"\{%|%\{|<%|\{\{-|\{\{[ \t]*\.", text) else Kind.SSM
    if FILLED.search(text):
        return None
    if intent.is_template(text, path):
        return Kind.CLOUDFORMATION
    return Kind.LAUNCH_TEMPLATE if intent.is_launch_template(text, path) else None


def _by_content(data: bytes, text: str, path: str) -> Kind | None:
    if (found := _of_terraform(text, path)) is not None:
        return found
    if data.startswith(GZIP) or (is_mime(data) and _is_message(text)) or kind_of(text) or is_node_config(text):
        return Kind.USER_DATA
    if BASE64.fullmatch(text) and user_data_in(text) is not None:
        return Kind.USER_DATA
    # A cheap look first: most files in a folder are of no interest, and YAML is slow to import and to read.
    if not re.search(r"Resources|schemaVersion|LaunchTemplateData|UserData|MetadataOptions|ImageId", text):
        return None
    import yaml

    from ssmwake.text.yaml_nodes import composed, pairs, text_of, value

    try:
        root = composed(text)
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError):
        # A document with a tab, or a byte, that YAML does not take; or a template that is not a document yet.
        broken = DOCUMENT.search(text) and STEPS.search(text) and not TEMPLATED.search(text)
        return Kind.SSM if broken else None
    keys = set(pairs(root))
    resources = {name: text_of(value(node, "Type")) for name, (_, node) in pairs(value(root, "Resources")).items()}
    if any(kind.startswith("AWS::") or name.startswith("Fn::ForEach::") for name, kind in resources.items()):
        return Kind.CLOUDFORMATION
    if "schemaVersion" in keys and keys & {"mainSteps", "runtimeConfig", "sessionType"}:
        return Kind.SSM
    about = keys & {"UserData", "MetadataOptions"}
    launches = about and (keys & LAUNCH or user_data_in(text_of(value(root, "UserData"))))
    is_request = "ImageId" in keys and len(keys & REQUEST) > 1
    if keys & {"LaunchTemplateData", "LaunchTemplateVersions"} or launches or is_request:
        return Kind.LAUNCH_TEMPLATE
    return None


def _is_message(text: str) -> bool:
    head = re.split(r"\r?\n[ \t]*\r?\n", text.lstrip()[:8192], maxsplit=1)[0]
    return MIME.search(head) is not None and PARTS.search(head) is not None


def _of_terraform(text: str, path: str) -> Kind | None:
    if path.endswith((".tf", ".tf.json", ".tofu")) or (not path.endswith(".hcl") and TERRAFORM.match(text)):
        return Kind.TERRAFORM
    if path.endswith(".tftpl"):
        return Kind.TEMPLATEFILE
    if TERRAFORM_JSON.match(text) and _is_terraform_json(text):
        return Kind.TERRAFORM
    if kind_of(text) and (TEMPLATE.search(text) or (path.endswith((".tpl", ".tmpl")) and SIMPLE.search(text))):
        from ssmwake.lint.terraform.module import is_template

        return Kind.TEMPLATEFILE if is_template(text) else None
    return None


def _is_terraform_json(text: str) -> bool:
    """Return whether the resources, or what is like them, are objects named by two keys."""
    import yaml

    from ssmwake.text.yaml_nodes import composed, pairs, value

    try:
        root = composed(text)
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError):
        return False
    for block in ("resource", "data"):
        for kind_, (_, named) in pairs(value(root, block)).items():
            if "_" in kind_ and any(pairs(body) for _, body in pairs(named).values()):
                return True
    return False
