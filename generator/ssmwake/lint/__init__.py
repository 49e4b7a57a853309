"""Lint: what fails at deploy time, or at the first boot, is found at the desk. Bytes in, findings out."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ssmwake.cloud_init.parts import BOM
from ssmwake.lint import user_data
from ssmwake.lint.background import in_background
from ssmwake.lint.deferred import CfnTemplate, CloudConfig, Found, Script
from ssmwake.lint.detect import UTF_16, Kind, kind, kind_in_folder
from ssmwake.lint.rules.suppressions import without_ignored
from ssmwake.lint.shell import script, secrets, shellcheck
from ssmwake.lint.terraform.referenced_files import Files, Read, nothing
from ssmwake.model import Finding, Invalid, Location, Severity
from ssmwake.text.source import Source
from ssmwake.text.unreadable import NOT_LINTED, TEMPLATE

# Nothing that EC2, SSM or CloudFormation takes is nearly as large.
LIMIT = 10 * 1024 * 1024
# Where the schema of a cloud-init comes from, if there is one; it is large, and read only if it is needed.
Schema = Callable[[], Mapping[str, Any] | None]


def no_schema() -> None:
    """Hold a cloud-config against nothing but what is true of every cloud-init."""


# What a message calls a file of each kind.
NAMES = {
    Kind.USER_DATA: "user data",
    Kind.SSM: "an SSM document",
    Kind.CLOUDFORMATION: TEMPLATE,
    Kind.LAUNCH_TEMPLATE: "launch-template data",
    Kind.TERRAFORM: "a Terraform file",
    Kind.TEMPLATEFILE: "a Terraform template",
    Kind.SCRIPT: "a script",
}


@dataclass(frozen=True)
class File:
    """A file to lint; without a kind its content says what it is, and what lint does not know is user data."""

    path: str
    data: bytes
    kind: Kind | None = None
    is_part: bool = False


def lint(
    path: str,
    data: bytes,
    what: Kind | None = None,
    *,
    with_cfn_lint: bool = True,
    read: Read = nothing,
    cloud_init_schema: Schema = no_schema,
) -> tuple[Finding, ...]:
    """Return the findings of a file, sorted by place."""
    files = [File(path, data, what)]
    return lint_all(files, with_cfn_lint=with_cfn_lint, read=read, cloud_init_schema=cloud_init_schema)


def lint_part(path: str, data: bytes) -> tuple[Finding, ...]:
    """Return the findings of user data that becomes a part of other user data, sorted by place."""
    return lint_all([File(path, data, Kind.USER_DATA, is_part=True)], with_cfn_lint=False)


def lint_commands(commands: Sequence[Source]) -> tuple[Finding, ...]:
    """Return the findings of commands that are lines of one script for root, as `on-ready` has them, sorted by place.

    All of them have the same path; each has its own places.
    """
    if not commands:
        return ()
    head = Source.at_place(commands[0].at(1), "#!/bin/sh\nset -e")
    tail = Source.at_place(commands[-1].at_offset(len(commands[-1].text)), "")
    source = Source.joined([head, *commands, tail], "\n")
    found = [*secrets.check(source), *script.check(source, script.Run.ELSEWHERE)]
    shell = [one for one in found if isinstance(one, Script)]
    findings = {*(one for one in found if isinstance(one, Finding)), *shellcheck.check(shell)}
    return tuple(sorted(findings))


def lint_all(
    files: Iterable[File],
    *,
    with_cfn_lint: bool = True,
    append_rules: bool = False,
    read: Read = nothing,
    cloud_init_schema: Schema = no_schema,
    on_progress: Callable[[str], object] = nothing,
) -> tuple[Finding, ...]:
    """Return the findings of files, sorted by place; their shell is checked in one go.

    Terraform refers to files next to its own: `read` gives what one holds, by a path below the folder of the .tf file.
    A schema of cloud-init says what that version makes of a cloud-config, beyond what holds for all; it is asked for
    where there is a cloud-config. `on_progress` is called with each path before its file is checked. With
    `append_rules` the rules that a .cfnlintrc appends are run: they are programs.
    """
    known = tuple(replace(file, kind=file.kind or kind(file.data, file.path) or Kind.USER_DATA) for file in files)
    found: dict[str, list[Found]] = {file.path: [] for file in known}
    texts = {file.path: file.data[:LIMIT].decode("utf-8", "surrogateescape") for file in known}
    modules = Files(read, modules=_by_folder(known))
    with in_background(lambda: shellcheck.results(_whole_scripts(known, texts))) as results:
        # Terraform comes first: it tells which of the other files are templates, and of what.
        for file in sorted(known, key=lambda file: file.kind is not Kind.TERRAFORM):
            if file.kind is not Kind.CLOUDFORMATION or not with_cfn_lint:
                on_progress(file.path)
            if posixpath.normpath(file.path) not in modules.templates:
                for one in _of_file(file, modules):
                    found.setdefault(one.where.path if isinstance(one, Finding) else one.source.path, []).append(one)
    for path, data in modules.data.items():
        texts.setdefault(path, (data or b"")[:LIMIT].decode("utf-8", "surrogateescape"))
    every = [one for each in found.values() for one in each]
    templates = [one for one in every if isinstance(one, CfnTemplate)] if with_cfn_lint else []
    # Both wait for programs and files more than for each other.
    scripts = [one for one in every if isinstance(one, Script)]
    with in_background(lambda: list(shellcheck.check(scripts, results()))) as shell:
        more = [*_by_cfn_lint(templates, on_progress, append_rules=append_rules), *_by_schema(every, cloud_init_schema)]
    for each in [*more, *shell()]:
        found[each.where.path].append(each)
    findings = {path: sorted({one for one in each if isinstance(one, Finding)}) for path, each in found.items()}
    return tuple(
        one
        for path, each in findings.items()
        for one in without_ignored(path, each, texts[path], with_cfn_lint=with_cfn_lint)
    )


def _by_folder(files: Iterable[File]) -> dict[str, dict[str, bytes]]:
    """Return the files of Terraform by folder: those of one folder are one module."""
    found: dict[str, dict[str, bytes]] = {}
    for file in files:
        if file.kind is Kind.TERRAFORM:
            found.setdefault(posixpath.dirname(file.path), {})[file.path] = file.data
    return found


def _whole_scripts(files: Iterable[File], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the files that are one script each, as shellcheck will be given them: it can begin at once."""
    scripts = [texts[file.path] for file in files if file.kind is Kind.USER_DATA and len(file.data) <= LIMIT]
    return [(dialect, text) for text in scripts if "\r" not in text and (dialect := shellcheck.dialect(text))]


def _by_cfn_lint(
    templates: Sequence[CfnTemplate], on_progress: Callable[[str], object], *, append_rules: bool
) -> Iterator[Finding]:
    for template in templates:
        from ssmwake.lint import cfn_lint

        on_progress(template.source.path)
        yield from cfn_lint.check(template, append_rules=append_rules)


def _by_schema(found: Sequence[Found], cloud_init_schema: Schema) -> Iterator[Finding]:
    configs = [one for one in found if isinstance(one, CloudConfig)]
    schema = cloud_init_schema() if configs else None
    if schema is not None:
        from ssmwake.lint.user_data.cloud_config_schema import schema_findings

        for config in configs:
            yield from schema_findings(config, schema)


def _of_file(file: File, modules: Files) -> tuple[Found, ...]:
    """Return all that a check says; one that gives up on a file leaves what it found so far."""
    if len(file.data) > LIMIT:
        size = f"{len(file.data):,} bytes; over {LIMIT:,} nothing is linted"
        return (NOT_LINTED.at(Location(file.path), size),)
    found: list[Found] = []
    try:
        for one in _found(file, modules):
            found.append(one)
    except RecursionError:
        found.append(NOT_LINTED.at(Location(file.path), "nested too deeply; nothing that deep is linted"))
    except UnicodeEncodeError:
        found.append(NOT_LINTED.at(_no_utf8(file), "a byte that is not valid UTF-8; save the file as UTF-8"))
    except Invalid as invalid:
        found += invalid.findings
    return tuple(found)


def _named(what: Kind | None) -> str:
    return NAMES[what or Kind.USER_DATA]


def _no_utf8(file: File) -> Location:
    """Return the place of the first byte that is not valid UTF-8; the beginning where it is in something decoded."""
    try:
        file.data.decode()
    except UnicodeDecodeError as error:
        before = file.data[: error.start].decode()
        return Location(file.path, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Location(file.path)


def _found(file: File, modules: Files) -> Iterator[Found]:
    # A script waits for no patterns of templates and documents, whose making takes as long as all else.
    what = file.kind
    if what is Kind.USER_DATA:
        yield from user_data.check_file(file.path, file.data, is_part=file.is_part)
        return
    if file.data.startswith(UTF_16):
        yield NOT_LINTED.at(Location(file.path), f"{_named(what)} encoded as UTF-16; save it as UTF-8")
        return
    source = Source.of_file(file.path, file.data.removeprefix(BOM).decode("utf-8", "surrogateescape"))
    if what is Kind.SCRIPT:
        if not source.text.lstrip().startswith("#!"):
            yield NOT_LINTED.at(source.at(1), "not a script, which begins with #!")
        yield from script.anywhere(source)
        return
    if what is Kind.TERRAFORM:
        from ssmwake.lint.terraform.module import check_module

        yield from check_module(source, modules)
        return
    if what is Kind.TEMPLATEFILE:
        from ssmwake.lint.terraform.module import check_template

        yield from check_template(source)
        return
    from ssmwake.lint.data_file import check_data_file

    yield from check_data_file(source, what, _named(what))


__all__ = ["File", "Kind", "Severity", "kind", "kind_in_folder", "lint", "lint_all", "lint_commands", "lint_part"]
