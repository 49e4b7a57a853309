"""What a check finds besides findings: text that is judged later, together with all others of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssmwake.model import Finding
from ssmwake.text.source import Source

if TYPE_CHECKING:
    import yaml


@dataclass(frozen=True)
class Script:
    """A shell script found in a file, to be checked with all others: its dialect, as shellcheck calls it."""

    dialect: str
    source: Source


@dataclass(frozen=True)
class CloudConfig:
    """A cloud-config found in a file, to be checked against a schema of cloud-init if there is one.

    Of the lines that are `judged`, the table of keys has found what is wrong.
    """

    source: Source
    root: yaml.MappingNode
    judged: frozenset[int] = frozenset()


@dataclass(frozen=True)
class CfnTemplate:
    """A CloudFormation template, for cfn-lint to check beyond what is found in it already."""

    source: Source
    findings: tuple[Finding, ...] = ()


# What a check yields: a finding, or a text that is yet to be checked.
Found = Finding | Script | CloudConfig | CfnTemplate
