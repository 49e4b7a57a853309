"""What machines get of a Jinja template, and where each character of it was written."""

import time

import pytest

from ssmwake.lint import Kind, lint
from ssmwake.lint.user_data.jinja_rendering import renderings
from ssmwake.text.source import Source


def rendered(text: str) -> list[str]:
    """Return the texts that machines get of a template."""
    return [one.text for one in renderings(Source.of_file("x", text))]


def test_a_template_without_branches_is_the_same_everywhere() -> None:
    assert rendered("a {{ v1.region }} {{ ds.meta_data['instance-type'] }}\n") == ["a us-east-1 t3.micro\n"]


def test_each_branch_is_rendered_where_it_is_taken() -> None:
    text = "{% if v1.distro == 'ubuntu' %}\napt\n{% elif distro == 'amazon' %}\ndnf\n{% endif %}"
    assert sorted(rendered(text)) == ["", "apt\n", "dnf\n"]


def test_what_only_the_instance_knows_is_a_word() -> None:
    assert rendered("{{ ds.meta_data.tags.Name }}") == ["xxxxxxxx"]


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\n{% for n in [1, 2] %}\n- {{ n }}: here\n{% endfor %}\nend: here\n",
        "{{ v1.region }}{% raw %}{{ {% endraw %}here {#- a\nb -#}  here\n",
        "{%- if true -%}\n  here\n{%- endif -%}\n  here",
        "x\r\n{% if true %}\r\nhere\r\n{% endif %}\r\nhere\r\n",
    ],
)
def test_each_character_that_is_written_as_it_is_keeps_its_place(text: str) -> None:
    lines = text.split("\n")
    for one in renderings(Source.of_file("x", text)):
        at = one.text.find("here")
        assert at >= 0
        while at >= 0:
            where = one.at_offset(at)
            assert lines[where.line - 1].startswith("here", where.column - 1)
            at = one.text.find("here", at + 1)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 999999999 }}",
        "{{ 9 ** 999999999 }}",
        "{% for a in range(999999999) %}x{% endfor %}",
        "{% for a in range(999) %}{% for b in range(999) %}{{ 'xxxxxxxx' }}{% endfor %}{% endfor %}",
        "{% set a = 'aaaaaaaa' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
        "{% set a = 'aaaaaaaa' %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
        "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 'a'|center(999999999) }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_what_asks_for_much_is_not_rendered_and_costs_nothing(text: str) -> None:
    begun = time.process_time()
    assert rendered(text) == []
    assert time.process_time() - begun < 4


def test_what_is_not_rendered_is_judged_without_its_statements() -> None:
    data = b"## template: jinja\n#!/bin/sh\n{{ 'a' | center(9) }}\ncurl http://169.254.169.254/latest/meta-data/mac\n"
    assert [(one.rule, one.where.line) for one in lint("x", data, Kind.USER_DATA)] == [("SW210", 4)]


def test_a_branch_that_no_machine_takes_is_judged_too() -> None:
    data = b"## template: jinja\n#!/bin/sh\n{% if v1.distro == 'alpine' %}\ndnf install jq\n{% endif %}\ndate\n"
    assert [(one.rule, one.where.line) for one in lint("x", data, Kind.USER_DATA)] == [("SW240", 4)]
