"""Every rule of lint: its permanent id, how bad a finding is, and why."""

from ssmwake.lint.rules import documents, embedding, instances, user_data
from ssmwake.lint.rules.rule import Rule
from ssmwake.model import Finding, Location

# SW200 to SW239 are about user data, from SW220 on about the instance around it; SW300 to SW339 about documents,
# SW400 to SW419 about what embeds them: so many ids are there for each in the plugin of cfn-lint.
RULES: dict[str, Rule] = {
    rule.id: rule for rules in (user_data.RULES, instances.RULES, documents.RULES, embedding.RULES) for rule in rules
}


def finding(rule: str, where: Location, message: str) -> Finding:
    """Return a finding of the rule."""
    return Finding(where, rule, message, RULES[rule].severity)


__all__ = ["RULES", "Rule", "finding"]
