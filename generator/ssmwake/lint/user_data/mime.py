"""MIME user data: what keeps its parts from being run, and what other readers than cloud-init refuse in it."""

import difflib
import re
from collections.abc import Iterator

from ssmwake.cloud_init.mime import for_nodeadm
from ssmwake.cloud_init.parts import (
    LOOKED_AT,
    NODEADM,
    PACKED,
    SCRIPTS,
    Message,
    Part,
    PartKind,
    is_node_config,
    kind_of,
)
from ssmwake.lint.rules import ERROR, INFO, WARNING, rule
from ssmwake.lint.user_data import mime_go
from ssmwake.lint.user_data.first_line import begins_too_late
from ssmwake.model import Finding, Location

NESTED_MIME = rule("SW215", WARNING, "MIME inside MIME", reason="programs other than cloud-init find no part")
MISLABELLED_PART = rule(
    "SW216",
    ERROR,
    "a MIME part that is not what its type says",
    reason="it is ignored, or fails to run",
    also={INFO: "where cloud-init goes by the first line, and runs the part"},
)

REFUSED_BY_GO = rule(
    "SW250",
    WARNING,
    "malformed MIME that cloud-init tolerates",
    reason="nodeadm of EKS, and others in Go, refuse all of it",
    also={ERROR: "where a part is for nodeadm"},
)
IGNORED_PART = rule("SW279", ERROR, "a MIME part that cloud-init ignores", reason="nothing of it runs")
HEADERS_IN_BODY = rule(
    "SW280", ERROR, "the headers of a MIME part in its body", reason="the part is taken for another type, or ignored"
)

# What cloud-init has a handler for, or looks at.
TYPES = {*(kind.value for kind in PartKind if kind is not PartKind.OTHER), *SCRIPTS, *LOOKED_AT, "text/upstart-job"}
HEADER = re.compile(r"(?:content-type|mime-version|content-transfer-encoding|content-disposition)\s*:", re.IGNORECASE)


def check_message(message: Message) -> Iterator[Finding]:
    """Yield what other readers than cloud-init make of a MIME message."""
    source = message.source
    if refused := mime_go.refusal(source.text):
        yield REFUSED_BY_GO.at(source.at_offset(refused.offset), refused.problem, severity=for_nodeadm(message))
    for where in message.multiparts[1:] if NODEADM in message.types else ():
        yield NESTED_MIME.at(where, "nodeadm reads no multipart within another; put its parts into the outer one")


def check_part(part: Part) -> Iterator[Finding]:
    """Yield where a part of MIME, or of an archive, is not what its type says."""
    message, where = part.message, part.where
    if where is not None and not PACKED.fullmatch(part.declared):
        # The headers of the message itself, below an empty line, are its text.
        late = message is not None and not message.has_headers and not message.multiparts
        handled = message is not None and "text/part-handler" in message.types
        yield from _contradiction(where, part, handled=handled, late=late)


def _contradiction(place: Location, part: Part, *, handled: bool, late: bool) -> Iterator[Finding]:
    text = part.source.text
    body = part.source.at_offset(len(text) - len(text.lstrip()))
    kind = kind_of(text)
    if begins_too_late(part):
        message = "the body does not begin with #!, so the kernel does not run it; remove the empty line"
        yield MISLABELLED_PART.at(part.source.at_offset(0), message)
    elif HEADER.match(text.lstrip()) and part.declared in LOOKED_AT | SCRIPTS | {"text/cloud-config"}:
        if late:
            message = (
                "after an empty line these headers are text to cloud-init, and nothing runs; remove the empty line"
            )
            yield HEADERS_IN_BODY.at(body, message)
        elif re.search(r"(?i)multipart/", text[:400]):
            yield NESTED_MIME.at(
                body, "the body of this part is a MIME message, which nothing opens; put its parts into the outer one"
            )
        else:
            message = "headers are in the body, so nobody reads them; remove the empty line above"
            yield HEADERS_IN_BODY.at(body, message)
    elif part.declared in SCRIPTS and kind is None:
        yield MISLABELLED_PART.at(body, "a script that does not begin with #!, so it cannot be run; add #!/bin/sh")
    elif part.declared in SCRIPTS and kind is not PartKind.SCRIPT and kind is not None:
        if part.declared != "text/x-shellscript":
            yield MISLABELLED_PART.at(
                place, f"this is {kind.value}, and cloud-init runs it as a script; write its type in the header"
            )
        else:
            message = f"cloud-init takes this as {kind.value}, by its first line; write that type in the header"
            yield MISLABELLED_PART.at(place, message, severity=INFO)
    elif part.declared == "text/cloud-config" and kind is PartKind.SCRIPT:
        yield MISLABELLED_PART.at(
            place, "cloud-init reads this script as YAML, and drops it; write the type text/x-shellscript"
        )
    elif part.declared in LOOKED_AT and kind is None and not handled:
        message = "cloud-init does not know the first line of this text/plain, and ignores it; write another type"
        yield IGNORED_PART.at(place, message)
    elif part.declared != NODEADM and is_node_config(text):
        message = f"nodeadm reads a NodeConfig from a part of the type {NODEADM} only; write that"
        yield IGNORED_PART.at(place, message)
    elif not handled:
        yield from unhandled(place, part.declared, kind)


def unhandled(place: Location, content_type: str, kind: PartKind | None = None) -> Iterator[Finding]:
    """Yield that cloud-init has no handler for a type: for one of text, or of a body whose first line it would know."""
    if (kind or content_type.startswith("text/")) and content_type not in {*TYPES, NODEADM}:
        meant = _near(content_type) or (kind.value if kind else None)
        hint = f"did you mean {meant}?" if meant else "write one that it knows"
        yield IGNORED_PART.at(place, f"cloud-init ignores {content_type[:60]}; {hint}")


def _near(content_type: str) -> str | None:
    """Return the known type that one may be a misspelling of; `text/` alone makes no two types alike."""
    known = {each.partition("/")[2]: each for each in TYPES}
    near = difflib.get_close_matches(content_type.partition("/")[2], known, 1)
    return known[near[0]] if near else None
