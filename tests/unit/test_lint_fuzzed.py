"""What the fuzzer found, so that it stays found."""

import pytest

from ssmwake.cloud_init.reader import read
from ssmwake.lint import lint
from ssmwake.model import Invalid

NUL_CHARSET = b"Content-Type: text/x-shellscript; charset=a\0\nMIME-Version: 1.0\n\n#!/bin/sh\n\xff\n"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"{schemaVersion: '0.3', mainSteps: [1]}", "SW302"),
        (NUL_CHARSET, "SW200"),
    ],
)
def test_it_is_a_finding_and_no_crash(data: bytes, rule: str) -> None:
    assert rule in {one.rule for one in lint("fuzzed", data)}


def test_a_charset_that_is_not_a_name_is_refused() -> None:
    with pytest.raises(Invalid, match="a NUL byte"):
        read("fuzzed", NUL_CHARSET)
