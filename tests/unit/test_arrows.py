"""The direction of imports: the command line knows the stages, the stages know the model, and no other edge exists."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "generator" / "ssmwake"
STAGES = {"config", "render", "userdata", "lint", "dist", "publish", "simulate", "operate", "cfn_rules", "aws"}
# What lies below a room, besides the model and the resources.
BELOW = {
    "cli": STAGES,
    "render": {"userdata"},
    "lint": {"userdata"},
    "publish": {"aws"},
    "operate": {"aws"},
    # The plugin of cfn-lint is a second door to the checks.
    "cfn_rules": {"lint", "userdata"},
    # `python -m` and the Python API are doors, as the command line is.
    "__main__": {"cli"},
    "__init__": {"config", "render", "userdata", "publish"},
}


def imports(path: Path) -> set[str]:
    """Return the rooms of ours that a file imports, at its top and in its functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" if node.module == "ssmwake" else node.module for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
        found |= {name.split(".")[1] for name in names if name.startswith("ssmwake.")}
    return found - {"__version__"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    allowed = {room} | BELOW.get(room, set())
    if room == "model":
        allowed = set()
    elif room != "resources":
        allowed |= {"model", "resources"}
    assert imports(path) <= allowed


def test_the_test_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("def f():\n    from ssmwake.lint import y\n    import ssmwake.dist\n")
    assert imports(tmp_path / "x.py") == {"lint", "dist"}
