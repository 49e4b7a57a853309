"""The command line: argv in, artifacts to stdout, words to stderr, an exit status out; nothing else prints.

Each verb lives in a module of its own that is imported only when the verb is called: boto3 costs 0.2 s to import and
cfn-lint 0.7 s, and the start of `ssmwake user-data` is measured. Each such module holds one click command, `command`.
"""

import gc
import importlib
import io
import sys
from typing import Any

import click

from ssmwake import __version__
from ssmwake.cli.output import color_of_environment, discard_stdout, findings_out
from ssmwake.model import Invalid
from ssmwake.terminal import printable

# verb -> its line in the overview; verb `user-data` lives in ssmwake.cli.user_data. `--help` must not import them all.
VERBS = {
    "init": "write a commented ssmwake.yaml",
    "render": "write every artifact to dist/, or check that dist/ is current",
    "user-data": "print user data for an instance or a launch template",
    "document": "print one SSM document",
    "runtime": "print the script that runs on an instance",
    "lint": "check user data, SSM documents and templates",
    "explain": "explain a lint rule, with a bad and a good example",
    "publish": "plan and publish SSM documents and launch-template versions",
    "doctor": "say why instances are not online in Systems Manager",
    "wait": "wait, on your own machine, until instances are online",
    "wake": "bring the agent of an instance back online",
    "try": "run the rendered runtime against a built-in IMDS and agent",
    "completion": "print the completion script of a shell",
    "help": "print this overview, or the help for a command",
}

# What ssmwake starts itself, as the ProxyCommand of `wake`.
HIDDEN = ("tunnel",)

# Verbs of the runtime, which do not exist at the desk.
ON_THE_INSTANCE = ("status", "run", "watch", "install", "uninstall")

# What deletes, asks nobody, or opens to everyone is typed by those who mean it, and never offered to a slip of the pen.
NEVER_SUGGESTED = frozenset({"--prune", "--yes", "--share-with-all", "--fix", "--no-lint"})


class Verbs(click.Group):
    """A group that imports a verb's module when it is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in (*VERBS, *HIDDEN):
            return None
        # `try` is a keyword of Python, so its module carries a trailing underscore.
        name = "try_" if cmd_name == "try" else cmd_name.replace("-", "_")
        module = importlib.import_module(f"ssmwake.cli.{name}")
        command: click.Command = module.command
        if not any(parameter.name == "color" for parameter in command.params):
            command.params.append(color_option())
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as unknown:
            harmless = [name for name in unknown.possibilities or () if name not in NEVER_SUGGESTED]
            raise click.NoSuchOption(unknown.option_name, possibilities=harmless, ctx=unknown.ctx) from None
        except Invalid as invalid:
            # Here and not in `main`, because the context knows about --color.
            findings_out(invalid.findings, err=True)
            sys.exit(1)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        verb = args[0]
        if verb in ON_THE_INSTANCE:
            ctx.fail(where_it_runs(verb))
        if verb not in (*VERBS, *HIDDEN) and not verb.startswith("-"):
            import difflib

            close = difflib.get_close_matches(verb, (*VERBS, *ON_THE_INSTANCE), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            if close and close[0] in ON_THE_INSTANCE:
                hint += f"\n{where_it_runs(close[0])}"
            ctx.fail(f"No such command {verb!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Command.format_options(self, ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def where_it_runs(verb: str) -> str:
    """Return where a verb of the runtime runs, and how to get there: lines of which each holds one command."""
    here = {
        "run": "`ssmwake wake INSTANCE` brings its agent back",
        "install": "`ssmwake user-data` prints what installs it at the first boot",
    }
    ways = {"there": f"sudo /usr/local/sbin/ssmwake {verb}"}
    if verb in ("status", "run"):
        ways["over ssh"] = f"ssmwake runtime | ssh HOST sudo sh -s -- {verb}"
    ways["from here"] = here.get(verb, "`ssmwake doctor INSTANCE` says why an instance is not online")
    return "\n".join([f"`{verb}` runs on the instance.", *(f"  {way + ':':11}{text}" for way, text in ways.items())])


def color_option(*, hidden: bool = True) -> click.Option:
    """Return --color, which stands before the verb or after it."""
    return click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        expose_value=False,
        callback=_set_color,
        help="When to use colour.  [default: auto]",
        hidden=hidden,
    )


def _set_color(ctx: click.Context, _param: click.Parameter, given: str | None) -> None:
    if given:
        ctx.find_root().color = {"always": True, "never": False}.get(given)


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, prog_name="ssmwake", message="%(prog)s %(version)s")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Wake sleeping SSM agents, and find out why an instance is not online."""
    if ctx.color is None:
        ctx.color = color_of_environment()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


command.params.append(color_option(hidden=False))


def shown(refused: click.ClickException) -> str:
    """Return what click would show of a mistake on the command line: the usage, and what is wrong."""
    with io.StringIO() as file:
        refused.show(file)
        # click indents a list of choices with tabs.
        return file.getvalue().rstrip("\n").expandtabs(2)


def main() -> None:
    """Run the command line and exit: 0 fine, 1 findings or a refusal, 2 usage, 130 interrupted."""
    # Models and templates are large, and no garbage: by default the collector walks through them again and again.
    gc.set_threshold(100_000)
    try:
        # What a verb returns is not a status: a verb that fails exits by itself.
        command.main(prog_name="ssmwake", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as refused:
        # It may name a file, and nothing in a name is a command to a terminal or a workflow.
        click.echo("\n".join(map(printable, shown(refused).split("\n"))), err=True)
        sys.exit(refused.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("ssmwake: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader has seen enough, as in `ssmwake user-data | head`.
        discard_stdout()
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"ssmwake: error: {place}{(error.strerror or str(error)).lower()}", err=True)
        discard_stdout()
        sys.exit(1)
