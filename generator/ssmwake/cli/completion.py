"""`ssmwake completion`: what a shell needs to complete ssmwake's commands and options."""

import click
from click.shell_completion import CompletionItem, get_completion_class

from ssmwake.cli.output import data_out


def complete_rules(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a rule, with its title."""
    from ssmwake.rules import RULES

    start = incomplete.upper()
    return [CompletionItem(rule.id, help=rule.title) for rule in RULES.values() if rule.id.startswith(start)]


def complete_regions(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a region."""
    from ssmwake.aws.session import known_regions

    return [name for name in sorted(known_regions()) if name.startswith(incomplete)]


def complete_profiles(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a profile of the AWS configuration."""
    import botocore.session

    return [name for name in botocore.session.Session().available_profiles if name.startswith(incomplete)]


def complete_verdicts(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a verdict, with what it means."""
    from ssmwake.operate.causes import CAUSES

    return [CompletionItem(cause.name, help=cause.meaning) for cause in CAUSES if cause.name.startswith(incomplete)]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(ssmwake completion bash)"         in ~/.bashrc
    zsh:  eval "$(ssmwake completion zsh)"          in ~/.zshrc
    fish: ssmwake completion fish | source          in config.fish
    """
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"click has no completion for {shell}")
    data_out(made(ctx.find_root().command, {}, "ssmwake", "_SSMWAKE_COMPLETE").source().encode() + b"\n")
