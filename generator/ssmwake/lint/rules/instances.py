"""Metadata options, profiles and roles of the instance that user data runs on."""

from ssmwake.lint.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
