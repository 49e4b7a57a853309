"""User data whose first line says nothing to cloud-init: what it was meant to be, and what to write instead."""

import difflib
import re

from ssmwake.cloud_init.parts import HEADERS, UNKNOWN_FIRST_LINE, UNREADABLE_USER_DATA
from ssmwake.model import Finding, Location
from ssmwake.text.placeholders import is_path, is_placeholder
from ssmwake.text.source import Source

# How user data for Windows begins: that of EC2Launch, of its second version, and of Cloudbase-Init.
FOR_WINDOWS = r"<(?:powershell|script|persist|detach)\b|#ps1|rem cmd\b|version:\s*1\.\d\s+tasks:"
WINDOWS = re.compile(rf"\s*(?:{FOR_WINDOWS})", re.IGNORECASE)
# And that of other systems without cloud-init: Bottlerocket, Flatcar, Talos, NixOS; the appliances of Fortinet, Palo
# Alto, Cisco, Juniper, Arista and Citrix.
FOREIGN = re.compile(
    rf"\s*(?:{FOR_WINDOWS}|"
    r"<NS-PRE-BOOT-CONFIG\b|\[(?:settings|advanced)|"
    r"version:\s*v1alpha1\b|variant:\s*(?:fcos|flatcar)\b|### https://nixos|\{\s*config,\s*pkgs\b|"
    r"config\s+(?:system|firewall|vpn|router|global|vdom|log|user)\b|type=(?:dhcp-client|static)\b|vmseries-|"
    r"mgmt-interface-swap=|op-command-modes=|plugin-op-commands=|(?:tplname|dgname|panorama-server|authcodes)=|"
    r"ios-config-\w+=|Section:\s*IOS\b|#junos-config\b|%EOS-|\{\s*\"ignition\")",
    re.IGNORECASE,
)
# The first line of a file that another program fills in may become any.
FILLED_IN = re.compile(r"\s*(?:\{\{|\{%|\{#|%\{|<%|\$\{|__|@)")
# What a program of the image reads from IMDS by itself; cloud-config can be written so too.
JSON = re.compile(r"\s*\{\s*[\"'](?!(?:runcmd|bootcmd|write_files|packages|users)[\"'])")
# Keys of cloud-config at the margin.
KEYS = re.compile(
    r"(?m)^(?:runcmd|bootcmd|write_files|package_\w+|packages|users|groups|hostname|fqdn|ssh_\w+|disk_setup|fs_setup|"
    r"mounts|swap|growpart|ntp|timezone|locale|apt|yum_repos|chpasswd|power_state|final_message|disable_root|autoinstall|"
    r"manage_etc_hosts|repo_update|repo_upgrade|snap|output|merge_how|password)[ \t]*:"
)
# One of them as the first key of an object of JSON, which is YAML too.
JSON_KEYS = re.compile(r"\s*\{\s*\"(?:runcmd|bootcmd|write_files|package\w*|users|hostname|fqdn|ssh_\w+)\"[ \t]*:")
# A line of shell and of nothing else: a command that many scripts have, a keyword, an assignment without spaces.
SHELL = re.compile(
    r"\s*(?:(?:sudo|echo|export|set|cd|mkdir|rm|cp|mv|chmod|chown|touch|curl|wget|yum|dnf|apt-get|apt|apk|snap|pip3?|"
    r"systemctl|service|docker|git|aws|sed|cat|tee|tar|unzip|useradd|usermod|mkfs|mount|hostname(?:ctl)?|exec|source|"
    r"sysctl|modprobe|date|sleep|amazon-linux-extras|yes)(?:\s+[^:\s=]\S*.*)?$|(?:if|for|while|case|until)\s.*|"
    r"[A-Za-z_]\w*=\S*|\[\[?\s.*\]\]?.*|\w+\s*\(\)\s*\{?\s*$)"
)
# A line of Python and of nothing else.
PYTHON = re.compile(
    r"(?m)^(?:from [\w.]+ import [\w(*]|import [a-z_][\w.]*(?: as \w+)?[ \t]*\r?$|(?:def|class) \w+[^\n]*:[ \t]*\r?$)"
)
SHEBANG = re.compile(r"(?:#\s+!|!#|#|//|\"#!|'#!)\s*(/(?:usr/)?(?:local/)?bin/\S.*)")
TEMPLATE = re.compile(r"#+\s*template\s*:?\s*jinja", re.IGNORECASE)
IGNORED = "cloud-init ignores user data with this first line"


def fault_of(source: Source) -> Finding | None:
    """Return what is wrong with a text that cloud-init ignores; None for user data of other systems, or of other tools.

    A tool that has yet to fill in the first line may write any there.
    """
    text = source.text
    if FOREIGN.match(text) or FILLED_IN.match(text) or is_placeholder(text):
        return None
    # A file of JSON that the user names is not meant to be that.
    if JSON.match(text) and source.at(1) != Location(source.path):
        return None
    if not text.strip():
        return UNREADABLE_USER_DATA.at(source.at(1), "empty; leave it out or write user data into it")
    if "\0" in text[:4096]:
        return UNREADABLE_USER_DATA.at(source.at(1), "binary; user data is text, MIME or gzip")
    blanks = len(text) - len(text.lstrip())
    return UNKNOWN_FIRST_LINE.at(source.at_offset(blanks), f"{IGNORED}; {_advice(first_line(text), text)}")


def _advice(first: str, text: str) -> str:
    if first.startswith("\ufeff"):
        return "a byte order mark precedes the first line; save the file without it"
    if TEMPLATE.match(first):
        return "a template begins with exactly ## template: jinja"
    if match := SHEBANG.match(first):
        return f"a script begins with #!, so write #!{match[1].rstrip()}"[:120]
    if is_misspelt_header(first):
        return "the first line must be exactly #cloud-config"
    if is_path(text):
        return "it is a path, and not what the file holds; put that in"
    if re.match(r"(?i)content-type\s*:\s*multipart|content-type\s*:.*\n.*\n", f"{first}\n"):
        return "MIME is known by its MIME-Version; add MIME-Version: 1.0"
    if re.match(r"--\S", first) and re.search(r"(?im)^content-type:", text[:4096]):
        return "MIME without headers; begin with MIME-Version and Content-Type"
    near = difflib.get_close_matches(first.split(":")[0].lower(), [each for each in HEADERS if each != "#!"], 1, 0.8)
    if near:
        return f"did you mean {near[0]}?"
    if KEYS.search(text) or JSON_KEYS.match(text):
        return "put #cloud-config on the first line"
    if PYTHON.search(text):
        return "it looks like Python; write #!/usr/bin/env python3 on the first line"
    if looks_like_shell(text):
        return "it looks like a shell script; write #!/bin/bash on the first line"
    return "begin with #cloud-config, #! and an interpreter, or MIME headers"


def first_line(text: str) -> str:
    """Return the first line that is not blank, shortened."""
    return text.lstrip()[:200].partition("\n")[0].rstrip()


def is_misspelt_header(first: str) -> bool:
    """Return whether a line looks like #cloud-config and is not."""
    line = first.lower()
    if not line.startswith("#") or len(line) > 24:
        return False
    word = re.sub(r"[#\s_-]", "", line)
    return difflib.SequenceMatcher(None, word, "cloudconfig").ratio() >= 0.8


def is_cloud_config_meant(first: str, text: str) -> bool:
    """Return whether a text with this first line was meant as cloud-config, by a misspelt header or by its keys."""
    if SHEBANG.match(first) or TEMPLATE.match(first) or first.startswith(("\ufeff", "--")):
        return False
    return (is_misspelt_header(first) or KEYS.search(text) is not None) and not looks_like_shell(text)


def looks_like_shell(text: str) -> bool:
    """Return whether one of the first lines can only be a command, or an assignment, of a shell."""
    lines = [line for line in text.splitlines()[:60] if line.strip() and not line.lstrip().startswith("#")]
    return any(SHELL.match(line) for line in lines[:20])
