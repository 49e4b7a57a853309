"""What the CloudFormation templates say that depends on the config."""

from ssmwake.model import Config

# The longest that a CreationPolicy or a WaitCondition waits, in seconds.
LONGEST = 43_200


def user_data_path(config: Config) -> str:
    """Return the path of the user data in the form that the config asks for."""
    name = {"cloud-config": "cloud-config.yaml", "script": "script.sh", "multipart": "multipart.txt"}
    return f"user-data/{name[config.user_data.format]}"


def signal_after(config: Config) -> int:
    """Return the seconds after which an instance says that it failed: sooner than CloudFormation loses its patience."""
    return min(max(900, config.timeout + 300), LONGEST - 600)


def patience(config: Config) -> int:
    """Return the seconds that CloudFormation waits for the signal."""
    return signal_after(config) + 600


def runbook(text: str, config: Config) -> str:
    """Return the runbook with the Command document of the same stack for its default."""
    from ssmwake.render.yaml_text import quoted

    before, default, after = text.partition(f"    default: {quoted(config.documents.command_name)}\n    allowedPattern")
    assert default, "the runbook names the Command document"
    return f"{before}    default: !Ref CommandDocument\n    allowedPattern{after}"
