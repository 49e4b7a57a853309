"""What botocore's service models say of a request or an answer; botocore itself checks neither patterns nor enums."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "blob": (str,),
}


@cache
def service(name: str) -> ServiceModel:
    """Return the model of a service."""
    return botocore.session.get_session().get_service_model(name)


def operation(service_name: str, name: str) -> OperationModel:
    """Return the model of an operation."""
    return service(service_name).operation_model(name)


def problems(value: Any, shape: Any, path: str = "", *, folds: bool = False) -> Iterator[str]:
    """Yield what is wrong with a value by its shape: kind, required and unknown members, pattern, enum, bounds."""
    if shape is None:
        if value:
            yield f"{path}: nothing is expected"
        return
    if not _is(value, shape.type_name):
        yield f"{path}: {value!r} is not a valid {shape.type_name}"
        return
    limits = shape.metadata
    size = value if isinstance(value, int) else len(value) if hasattr(value, "__len__") else None
    if size is not None and not isinstance(value, bool):
        if size < limits.get("min", size):
            yield f"{path}: {size} is less than {limits['min']}"
        if size > limits.get("max", size):
            yield f"{path}: {size} is more than {limits['max']}"
    match shape.type_name:
        case "string":
            # EC2 answers `available` where its model has `Available`.
            known = [*limits.get("enum", []), *(map(str.lower, limits.get("enum", [])) if folds else [])]
            if "enum" in limits and value not in known:
                yield f"{path}: {value!r} is not one of {limits['enum']}"
            if "pattern" in limits and not re.search(_python(limits["pattern"]), value):
                yield f"{path}: {value!r} does not match {limits['pattern']}"
        case "structure":
            members = shape.members
            yield from (f"{path}.{key}: is missing" for key in shape.metadata.get("required", []) if key not in value)
            for key, one in value.items():
                if key in members:
                    yield from problems(one, members[key], f"{path}.{key}", folds=folds)
                else:
                    yield f"{path}.{key}: is unknown"
        case "list":
            for number, one in enumerate(value):
                yield from problems(one, shape.member, f"{path}[{number}]", folds=folds)
        case "map":
            for key, one in value.items():
                yield from problems(key, shape.key, f"{path} key", folds=folds)
                yield from problems(one, shape.value, f"{path}.{key}", folds=folds)


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, KINDS[kind]) and (not isinstance(value, bool) or kind == "boolean")


def _python(pattern: str) -> str:
    """Return a Java pattern as Python takes it: \\p{L} and the like have no short form here."""
    return pattern.replace("\\p{L}", "a-zA-Z").replace("\\p{Z}", " ").replace("\\p{N}", "0-9")


def from_query(form: dict[str, str], shape: Shape | None, *, ec2: bool) -> Any:
    """Return the parameters of a request in the query protocol, as its shape nests them."""
    return _structure(form, shape, "", ec2) if shape else {}


def _structure(form: dict[str, str], shape: Any, prefix: str, ec2: bool) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        key = prefix + _wire_name(name, member, ec2)
        if any(k == key or k.startswith(key + ".") for k in form):
            found[name] = _value(form, member, key, ec2)
    return found


def _wire_name(name: str, member: Shape, ec2: bool) -> str:
    if not ec2:
        return name
    serialization = member.serialization
    if "queryName" in serialization:
        return str(serialization["queryName"])
    wire = str(serialization.get("name", name))
    return wire[:1].upper() + wire[1:]


def _value(form: dict[str, str], shape: Any, key: str, ec2: bool) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(form, shape, key + ".", ec2)
        case "list":
            start = key if ec2 else key + ".member"
            numbers = sorted({int(k[len(start) + 1 :].split(".")[0]) for k in form if k.startswith(start + ".")})
            return [_value(form, shape.member, f"{start}.{number}", ec2) for number in numbers]
        case "integer" | "long":
            return int(form[key])
        case "boolean":
            return form[key] == "true"
    return form[key]
