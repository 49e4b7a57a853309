"""What publishing refuses before it asks AWS."""

from ssmwake.model import Severity, rule

PUBLIC = rule("SW390", Severity.ERROR, "documents shared with everyone", reason="every AWS account could run them")
