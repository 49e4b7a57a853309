"""The fixtures of the tests of the runtime."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ssmwake.render.runtime import runtime as joined
from ssmwake.simulate.imds import Imds
from support.shells import Runtime


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runtime as it is rendered."""
    path = tmp_path_factory.mktemp("runtime") / "ssmwake.sh"
    path.write_text(joined())
    return path


@pytest.fixture
def runtime(script: Path, tmp_path: Path) -> Runtime:
    return Runtime(script, tmp_path)


@pytest.fixture
def imds() -> Iterator[Imds]:
    with Imds() as server:
        yield server
