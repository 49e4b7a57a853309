"""Metadata options, profiles and roles of the instance that user data runs on."""

from ssmwake.lint.rules.rule import ERROR, INFO, WARNING, Rule

RULES: tuple[Rule, ...] = (
    Rule("SW220", ERROR, "user data without IMDS", "cloud-init gets user data from IMDS: none of it runs"),
    Rule("SW221", WARNING, "HttpTokens: optional", "one forged request gives the role's credentials away"),
    Rule("SW222", WARNING, "a hop limit too small for a container", "IMDS's answer never reaches the container"),
    Rule("SW223", WARNING, "IMDS over IPv6 that is not enabled", "the request runs into its time limit"),
    Rule("SW224", WARNING, "a call of AWS without a profile", "there are no credentials, and the call fails"),
    Rule("SW225", ERROR, "a profile without exactly one role", "IAM refuses a second; with none it gives nothing"),
    Rule("SW226", WARNING, "a role that the SSM agent cannot use", "it is denied, and sleeps for half an hour"),
    Rule("SW227", ERROR, "a role that EC2 may not assume", "the instance gets no credentials"),
    Rule("SW228", INFO, "the SSM agent without a profile", "it registers only once a role comes, or by DHMC"),
    Rule("SW229", INFO, "a policy that AWS has replaced", "it gives far more than the agent needs"),
)
