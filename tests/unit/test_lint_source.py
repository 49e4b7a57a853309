"""Places: whatever a text was wrapped in, each of its characters is found where a person wrote it."""

import json

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ssmwake.model import Location
from ssmwake.text.source import Edit, Source
from ssmwake.text.yaml_nodes import composed, value

LETTERS = st.text(st.sampled_from("abc XYZ'\"\\#:-{}\n\té€😀"), max_size=60)


def inner(text: str, *path: str) -> Source:
    """Return the source of the scalar below the keys of a YAML text."""
    node = value(composed(text), *path)
    assert isinstance(node, yaml.ScalarNode)
    return Source.of_file("f", text).inner(node)


def same_letters(text: str, source: Source) -> None:
    """Assert that each letter of the source stands, in the outer text, where the source says."""
    lines = text.split("\n")
    for offset, letter in enumerate(source.text):
        where = source.at_offset(offset)
        found = lines[where.line - 1][where.column - 1 : where.column]
        if letter in "abcXYZ":
            assert found == letter, (offset, letter, where)


@settings(deadline=None)
@given(LETTERS, st.sampled_from(["|", ">", "'", '"', None]), st.integers(10, 80))
@example("abc\n\n  XYZ\nabc a\n", ">", 10)
@example("\n", ">", 10)
@example("\nabc\n\nX\n", "'", 10)
def test_each_letter_of_a_scalar_is_found_in_every_style(text: str, style: str | None, width: int) -> None:
    dumped = yaml.safe_dump({"a": {"b": text}}, default_style=style, width=width, allow_unicode=True)
    source = inner(dumped, "a", "b")
    assert source.text == text
    same_letters(dumped, source)


@settings(deadline=None)
@given(LETTERS)
def test_each_letter_of_a_json_string_is_found(text: str) -> None:
    dumped = json.dumps({"k": [1], "a": {"b": text}}, indent=1, ensure_ascii=False)
    source = inner(dumped, "a", "b")
    assert source.text == text
    same_letters(dumped, source)


@settings(deadline=None)
@given(LETTERS, st.integers(0, 60), st.integers(0, 60))
def test_a_slice_and_an_edit_keep_the_places_of_what_they_keep(text: str, start: int, end: int) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    source = Source.of_file("f", text)
    same_letters(text, source.slice(start, end))
    edited = source.edited([Edit(start, end, "+++")])
    assert edited.text == text[:start] + "+++" + text[end:]
    same_letters(text, edited)
    assert edited.at_offset(start + 1) == source.at_offset(start)


@settings(deadline=None)
@given(LETTERS)
def test_a_text_in_a_text_in_a_text_is_found(text: str) -> None:
    once = yaml.safe_dump({"a": text}, default_style="|", allow_unicode=True)
    twice = json.dumps({"b": once}, ensure_ascii=False)
    outer = inner(twice, "b")
    node = value(composed(outer.text), "a")
    assert isinstance(node, yaml.ScalarNode)
    same_letters(twice, outer.inner(node))


def test_joined_texts_keep_their_own_places() -> None:
    text = 'a: ["abc", "XYZ"]\n'
    nodes = value(composed(text), "a")
    assert isinstance(nodes, yaml.SequenceNode)
    source = Source.joined([Source.of_file("f", text).inner(node) for node in nodes.value], "\n")
    assert source.text == "abc\nXYZ"
    same_letters(text, source)


def test_what_was_decoded_stands_at_one_place() -> None:
    source = Source.at_place(Location("f", 3, 7), "a\nb\nc")
    assert {source.at_offset(offset) for offset in range(5)} == {Location("f", 3, 7)}
    assert source.slice(2, 4).at(1, 2) == Location("f", 3, 7)
