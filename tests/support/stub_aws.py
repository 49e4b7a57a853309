"""A provider for Terraform that stands in for hashicorp/aws: it knows the names of terraform_attributes.json, creates
nothing, and gives each resource an id and an ARN, so that a module can be planned, applied and tested offline."""

import hashlib
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
NAMES = HERE.parents[1] / "integration" / "terraform_attributes.json"
VERSION = "6.25.0"
ACCOUNT = "123456789012"
ANSWERS = {
    "data.aws_caller_identity": {"account_id": ACCOUNT, "id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root"},
    "data.aws_partition": {"partition": "aws", "id": "aws", "dns_suffix": "amazonaws.com"},
    "data.aws_region": {"id": "eu-west-1", "name": "eu-west-1", "region": "eu-west-1"},
    "data.aws_ssm_parameter": {"value": "ami-0123456789abcdef0"},
}
# What AWS fills in where the module does not.
FILLED = {"id", "name", "tags_all"}


def mirror(folder: Path) -> Path:
    """Write a mirror that holds the provider, and a configuration of Terraform that uses it alone; return that file."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    place = folder / f"registry.terraform.io/hashicorp/aws/{VERSION}/linux_{machine}"
    place.mkdir(parents=True)
    program = place / f"terraform-provider-aws_v{VERSION}"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(HERE.parents[1])!r})\n"
        "from support.stub_aws import main\nmain()\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    config = folder / "terraform.rc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n')
    return config


def main() -> None:
    """Serve the provider, as Terraform starts it."""
    from tf.runner import run_provider

    run_provider(_provider())


def _type(names: dict[str, Any], attribute: str) -> Any:
    from tf.types import Bool, List, Map, Number, String

    kinds = {"bool": Bool, "number": Number, "list": lambda: List(String()), "map": lambda: Map(String())}
    return kinds.get(names["types"].get(attribute, ""), String)()


def _schema(names: dict[str, Any]) -> Any:
    from tf.blocks import SetNestedBlock
    from tf.schema import Attribute, Block, Schema

    attributes = [
        Attribute(
            name,
            _type(names, name),
            required=name in names["required"],
            optional=name not in names["required"],
            computed=name in FILLED and name not in names["required"],
        )
        for name in names["attributes"]
    ]
    attributes += [Attribute(name, _type(names, name), computed=True) for name in names["computed"]]
    blocks = [
        SetNestedBlock(
            block, Block(attributes=[Attribute(name, _type(names, f"{block}.{name}"), optional=True) for name in inner])
        )
        for block, inner in names["blocks"].items()
        if block != "timeouts"
    ]
    return Schema(attributes=attributes, block_types=blocks, version=0)


def _resource(kind: str, names: dict[str, Any]) -> Any:
    from tf.types import Unknown

    schema = _schema(names)

    class Resource:
        def __init__(self, provider: Any) -> None: ...

        get_name = classmethod(lambda cls: kind.removeprefix("aws_"))
        get_schema = classmethod(lambda cls: schema)

        def validate(self, diags: Any, type_name: str, config: Any) -> None: ...

        def plan(self, context: Any, current: Any, planned: Any) -> Any:
            return planned

        def create(self, context: Any, planned: Any) -> Any:
            mark = hashlib.sha256(json.dumps(planned, default=str, sort_keys=True).encode()).hexdigest()[:8]
            made = dict(planned)
            for attribute in schema.attributes:
                if made.get(attribute.name) is Unknown or (attribute.computed and made.get(attribute.name) is None):
                    made[attribute.name] = _filled(kind, names, attribute.name, made, mark)
            return made

        def read(self, context: Any, current: Any) -> Any:
            return current

        def update(self, context: Any, current: Any, planned: Any) -> Any:
            return self.create(context, planned)

        def delete(self, context: Any, current: Any) -> None: ...

        def upgrade(self, context: Any, version: int, old: Any) -> Any:
            return old

    return Resource


def _filled(kind: str, names: dict[str, Any], attribute: str, made: dict[str, Any], mark: str) -> Any:
    known = made.get("name")
    name = known if isinstance(known, str) else f"{made.get('name_prefix') or kind + '-'}{mark}"
    if names["types"].get(attribute) == "map":
        return {}
    if attribute.endswith("version"):
        return 1 if names["types"].get(attribute) == "number" else "1"
    service = {"aws_iam": "iam", "aws_ssm": "ssm", "aws_sqs": "sqs", "aws_clo": "events"}.get(kind[:7], "ec2")
    region = "" if service == "iam" else "eu-west-1"
    what = kind.removeprefix("aws_iam_").removeprefix("aws_").replace("cloudwatch_event_", "")
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{what}/{name}" if attribute == "arn" else name


def _data_source(kind: str, names: dict[str, Any]) -> Any:
    schema = _schema(names)

    class DataSource:
        def __init__(self, provider: Any) -> None: ...

        get_name = classmethod(lambda cls: kind.removeprefix("data.aws_"))
        get_schema = classmethod(lambda cls: schema)

        def validate(self, diags: Any, type_name: str, config: Any) -> None: ...

        def read(self, context: Any, config: Any) -> Any:
            return {**dict.fromkeys((a.name for a in schema.attributes), None), **config, **ANSWERS[kind]}

    return DataSource


def _provider() -> Any:
    from tf.schema import Attribute, Schema
    from tf.types import String

    known: dict[str, Any] = json.loads(NAMES.read_text())["resources"]

    class Provider:
        def get_model_prefix(self) -> str:
            return "aws_"

        def full_name(self) -> str:
            return "registry.terraform.io/hashicorp/aws"

        def get_provider_schema(self, diags: Any) -> Any:
            return Schema(attributes=[Attribute("region", String(), optional=True)])

        def validate_config(self, diags: Any, config: Any) -> None: ...

        def configure_provider(self, diags: Any, config: Any) -> None: ...

        def get_resources(self) -> list[Any]:
            return [_resource(kind, names) for kind, names in known.items() if not kind.startswith("data.")]

        def get_data_sources(self) -> list[Any]:
            return [_data_source(kind, names) for kind, names in known.items() if kind.startswith("data.")]

        def get_functions(self) -> list[Any]:
            return []

        def new_resource(self, kind: Any) -> Any:
            return kind(self)

        new_data_source = new_function = new_resource

    return Provider()
