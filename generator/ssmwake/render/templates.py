"""Render templates/<room>/<name>.j2 with Jinja: templates place values, decisions are made in Python."""

import json
import textwrap
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ssmwake.cloud_init.parts import Part
from ssmwake.model import Config, Invalid, Location, Severity, rule
from ssmwake.render import (
    carriers,
    cloudformation,
    command_document,
    publisher_policy,
    runbook_policy,
    runbook_scripts,
    terraform,
)
from ssmwake.render.runtime import NOTICE
from ssmwake.render.user_data import split_for_parameters
from ssmwake.render.yaml_text import as_yaml, block, quoted
from ssmwake.resources import templates

if TYPE_CHECKING:
    import jinja2

BROKEN_TEMPLATE = rule("SW020", Severity.ERROR, "a template that cannot be rendered", reason="nothing is written")


def paths() -> tuple[str, ...]:
    """Return the paths of the artifacts that a template of their own renders; a leading underscore is for includes."""
    return tuple(sorted(str(PurePosixPath(path).with_suffix("")) for path in _walk(templates(), "")))


def _walk(folder: Traversable, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".j2") and not entry.name.startswith("_"):
            yield prefix + entry.name


def render_template(
    path: str, config: Config, artifact: Callable[[str], str], parts: Sequence[Part] = (), **values: Any
) -> str:
    """Render one template; `artifact` gives a template the text of any other artifact by its path in dist/."""

    # The table of all rules reads this module, and renders nothing.
    import jinja2

    def ssm_document(name: str, **given: Any) -> str:
        return render_template(f"ssm/{name}.yaml", config, artifact, parts, **given)

    known = {
        "config": config,
        "notice": NOTICE,
        "consent": runbook_policy.CONSENT,
        "artifact": artifact,
        "carriers": carriers,
        "command_document": command_document,
        "publisher_policy": publisher_policy,
        "runbook_policy": runbook_policy,
        "cloudformation": cloudformation,
        "terraform": terraform,
        # What the Terraform module replaces by the name of its Command document; no name holds an @.
        "command_document_token": "@command-document@",
        "ssm_document": ssm_document,
        "user_data_path": cloudformation.user_data_path(config),
        "user_data_of_stack": lambda: cloudformation.user_data_of_stack(config, parts),
        "packed_if_large": lambda: cloudformation.packed_if_large(config, parts),
        "user_data_halves": lambda plain=False: split_for_parameters(config, parts, plain=plain),
        "user_data_multipart": lambda: terraform.multipart(config, parts),
        **values,
    }
    own = f"templates/{path}.j2"
    try:
        return environment().get_template(f"{path}.j2").render(known)
    except jinja2.TemplateSyntaxError as error:
        raise _broken(error.filename or own, error.lineno, error.message or "broken template") from error
    except jinja2.TemplateError as error:
        frames = traceback.extract_tb(error.__traceback__)
        name, line = next(
            ((f.filename, f.lineno or 1) for f in reversed(frames) if f.filename.endswith(".j2")), (own, 1)
        )
        raise _broken(name, line, error.message or type(error).__name__) from error


def _broken(name: str, line: int, message: str) -> Invalid:
    return Invalid(BROKEN_TEMPLATE.at(Location(name, line), message[:1].lower() + message[1:]))


@cache
def environment() -> "jinja2.Environment":
    """Return the one environment: undefined names are errors, and line ends stay as they are written."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        # SSM documents and dynamic references of CloudFormation hold {{ }} of their own, and Terraform ${ } and %{ }.
        variable_start_string="<%=",
        variable_end_string="%>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<%#",
        comment_end_string="%>",
    )
    made.filters.update(block=block, quoted=quoted)
    made.globals["script"] = runbook_scripts.script
    made.filters["dedent"] = textwrap.dedent
    made.filters["as_yaml"] = as_yaml
    made.filters["nested"] = cloudformation.nested
    made.filters["from_json"] = json.loads
    made.filters["tojson"] = json.dumps
    made.filters["tftpl"] = lambda text: text.replace("${", "$${").replace("%{", "%%{")
    made.filters["unmarked"] = lambda text: text.removeprefix(f"# {NOTICE}\n")
    return made


def _source(name: str) -> tuple[str, str, Callable[[], bool]] | None:
    entry = templates().joinpath(*name.split("/"))
    return (_text(name), f"templates/{name}", lambda: True) if entry.is_file() else None


def _text(name: str) -> str:
    return templates().joinpath(*name.split("/")).read_text(encoding="utf-8")
