"""User data and documents inside CloudFormation, launch templates and Terraform."""

from ssmwake.lint.rules.rule import ERROR, INFO, WARNING, Rule

RULES = (
    Rule("SW401", ERROR, "user data that is not base64", "EC2 refuses it, or decodes rubbish"),
    Rule("SW402", WARNING, "AWS::SSM::Document without UpdateMethod", "a change replaces it, or fails"),
    Rule(
        "SW403",
        WARNING,
        "permissions that the instance does not wait for",
        "the agent is denied, and sleeps",
    ),
    Rule("SW404", WARNING, "user data that may grow over 16,384 bytes", "EC2 refuses the launch with longer values"),
    Rule("SW405", ERROR, "a variable that Fn::Sub refuses", "CloudFormation refuses the template"),
    Rule("SW406", WARNING, "a variable without Fn::Sub", "it is never replaced, and the shell finds nothing there"),
    Rule("SW408", ERROR, "the schedule of an association", "State Manager refuses the association"),
    Rule("SW409", ERROR, "an option that needs cron", "State Manager refuses the association"),
    Rule("SW410", INFO, "a short wait for an association", "the stack fails while the agent still sleeps"),
    Rule("SW411", ERROR, "content that is not of its DocumentFormat", "the service refuses the document"),
    Rule("SW412", ERROR, "plain user data where Terraform wants base64", "EC2 refuses it, or decodes rubbish"),
    Rule("SW413", INFO, "base64encode for user_data that is encoded anyway", "the plan shows base64, and no script"),
    Rule("SW414", ERROR, "a variable of the shell that Terraform takes for its own", "Terraform refuses the template"),
    Rule("SW415", ERROR, "a plain %{ that Terraform takes for a directive", "Terraform refuses the template"),
    Rule("SW416", ERROR, "content that document_format contradicts", "Systems Manager refuses the document"),
    Rule("SW417", WARNING, "an escape of templates in a file that is none", "the shell gets one dollar too many"),
    Rule("SW418", ERROR, "broken Terraform", "Terraform reads none of the module"),
)
