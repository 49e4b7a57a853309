"""The wheel: exactly our files, and an artifact rendered from it is the one in dist/."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from ssmwake import __version__

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    (made,) = WheelBuilder(str(TOP)).build(directory=str(folder), versions=["standard"])
    return Path(made)


def files(folder: str, *suffixes: str) -> set[str]:
    found = (path.relative_to(TOP / folder).as_posix() for path in (TOP / folder).rglob("*") if path.is_file())
    return {path for path in found if path.endswith(suffixes) and "__pycache__" not in path}


def test_the_wheel_holds_exactly_the_package_its_schemas_the_templates_and_the_pages_of_rules(wheel: Path) -> None:
    code = files("generator", ".py", "py.typed", ".json")
    templates = {f"ssmwake/templates/{path}" for path in files("templates", "")}
    pages = {f"ssmwake/pages/{path}" for path in files("docs/rules", ".md")}
    about = {f"ssmwake-{__version__}.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")}
    about |= {f"ssmwake-{__version__}.dist-info/licenses/LICENSE"}
    assert set(zipfile.ZipFile(wheel).namelist()) == code | templates | pages | about
    assert {path.split("/")[0] for path in code} == {"ssmwake"}


def test_no_python_hides_among_the_templates() -> None:
    assert files("templates", ".py", ".pyc") == set()


def test_the_sdist_holds_the_rendered_artifacts(tmp_path: Path) -> None:
    import tarfile

    (made,) = SdistBuilder(str(TOP)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"dist/SHA256SUMS", "dist/runtime/ssmwake.sh", "pyproject.toml", "templates/runtime/main.sh"} <= names


def test_a_wheel_renders_what_the_checkout_renders(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "site")}
    argv = [sys.executable, "-m", "ssmwake", "render", "--check", "-o", str(TOP / "dist")]
    done = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
