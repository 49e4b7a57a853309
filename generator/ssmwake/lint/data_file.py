"""Files of YAML or JSON: a document, a template, or launch-template data, which is read once for all that judge it."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.deferred import CfnTemplate, Found
from ssmwake.lint.detect import Kind
from ssmwake.model import Finding
from ssmwake.text.json_syntax import broken_json
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import composed
from ssmwake.text.yaml_syntax import broken, is_filled_in


def check_data_file(source: Source, what: Kind | None, named: str) -> Iterator[Found]:
    """Yield what is wrong with a file of a kind, which messages call by a name."""
    # YAML takes more than JSON, whose readers go by the name.
    is_json = source.path.endswith(".json") and source.text.lstrip().startswith("{")
    try:
        root = composed(source.text)
    except yaml.YAMLError as error:
        if not is_filled_in(source, error):
            yield (broken_json(source) if is_json else None) or broken(source, error, named)
        return
    if is_json and (fault := broken_json(source)):
        yield fault
    if not isinstance(root, yaml.MappingNode):
        from ssmwake.lint.documents.fields import NOT_A_DOCUMENT

        yield NOT_A_DOCUMENT.at(source.at(1), "not a mapping; it has keys and values")
    elif what is Kind.SSM:
        from ssmwake.lint import documents

        yield from documents.check(source, root)
    elif what is Kind.LAUNCH_TEMPLATE:
        from ssmwake.lint import launch_template

        yield from launch_template.check(source, root)
    else:
        yield from _template(source, root)


def _template(source: Source, root: yaml.MappingNode) -> Iterator[Found]:
    """Yield our own findings in a template, and then the template with them, for cfn-lint."""
    from ssmwake.lint import cloudformation

    found = []
    for one in cloudformation.check(source, root):
        found.append(one)
        yield one
    yield CfnTemplate(source, tuple(one for one in found if isinstance(one, Finding)))
