"""User data and documents inside CloudFormation, launch templates and Terraform."""

from ssmwake.lint.rules.rule import ERROR, WARNING, Rule

RULES = (
    Rule("SW401", ERROR, "user data that is not base64", "EC2 refuses it, or decodes rubbish"),
    Rule("SW402", WARNING, "AWS::SSM::Document without UpdateMethod", "a change replaces it, or fails"),
    Rule(
        "SW403",
        WARNING,
        "permissions that the instance does not wait for",
        "the agent is denied, and sleeps",
    ),
)
