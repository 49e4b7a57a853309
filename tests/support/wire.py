"""Answers in AWS's XML protocols, written from a value by the shape of botocore's service model."""

from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from support import service_model


def xml(service: str, operation: str, value: dict[str, Any]) -> bytes:
    """Return the body of an answer in the protocol of EC2, or of IAM and STS."""
    model = service_model.operation(service, operation)
    shape = model.output_shape
    inner = _members(value, shape, is_ec2=service == "ec2") if shape else ""
    if service == "ec2":
        body = f"<{operation}Response><requestId>1</requestId>{inner}</{operation}Response>"
    else:
        wrapper = (shape.serialization.get("resultWrapper") if shape else "") or f"{operation}Result"
        about = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        body = f"<{operation}Response><{wrapper}>{inner}</{wrapper}>{about}</{operation}Response>"
    return body.encode("utf-8", "xmlcharrefreplace")


def _members(value: dict[str, Any], shape: Any, *, is_ec2: bool) -> str:
    parts = []
    for name, one in value.items():
        member = shape.members[name]
        tag = member.serialization.get("name", name)
        parts.append(f"<{tag}>{_inner(one, member, is_ec2)}</{tag}>")
    return "".join(parts)


def _inner(value: Any, shape: Any, is_ec2: bool) -> str:
    match shape.type_name:
        case "structure":
            return _members(value, shape, is_ec2=is_ec2)
        case "list":
            tag = shape.member.serialization.get("name", "item" if is_ec2 else "member")
            return "".join(f"<{tag}>{_inner(one, shape.member, is_ec2)}</{tag}>" for one in value)
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return escape("".join(char if char in "\t\n\r" or ord(char) >= 32 else "\ufffd" for char in str(value)))
