"""The direction of imports: the command line knows the stages, the stages know the model, and no other edge exists."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "generator" / "ssmwake"
STAGES = {
    "rules",
    "config",
    "render",
    "cloud_init",
    "text",
    "lint",
    "dist",
    "publish",
    "simulate",
    "operate",
    "cfn_rules",
    "aws",
}
# What lies below a room, besides the model and the resources.
BELOW = {
    "cli": STAGES,
    "cloud_init": {"text"},
    "config": {"text"},
    "render": {"cloud_init"},
    "lint": {"cloud_init", "text"},
    "publish": {"aws"},
    "operate": {"aws"},
    # The plugin of cfn-lint is a second door to the checks.
    "cfn_rules": {"lint", "cloud_init", "text", "rules"},
    # `python -m` and the Python API are doors, as the command line is.
    "__main__": {"cli"},
    # The table of rules is gathered by name from the modules that hold them.
    "rules": {"lint"},
    "__init__": {"api", "aws", "lint"},
    "api": {"typed_settings", "config", "render", "cloud_init", "lint", "publish", "aws", "operate", "text"},
}


def imports(path: Path) -> set[str]:
    """Return the packages of ssmwake that a file imports, at its top and in its functions."""
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
    elif room not in ("resources", "redact", "terminal"):
        allowed |= {"model", "resources", "redact", "terminal"}
    assert imports(path) <= allowed


def test_the_test_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("def f():\n    from ssmwake.lint import y\n    import ssmwake.dist\n")
    assert imports(tmp_path / "x.py") == {"lint", "dist"}


# Inside lint, a floor imports from the floors below it; rooms of one floor never import each other.
FLOORS = (
    {"rules", "background"},
    {"names"},
    {"deferred", "intent"},
    {"shell"},
    {"user_data", "documents"},
    {"aws"},
    {"cloudformation", "terraform", "launch_template"},
    {"detect", "cfn_lint"},
    {"data_file"},
    {"fix", "report", "__init__"},
)
LEVELS = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
LINT = PACKAGE / "lint"


def modules(path: Path) -> set[str]:
    """Return the modules of the package that a file imports, at its top and in its functions, by dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "ssmwake":
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if is_module(name) else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("ssmwake.")}
    return found


def is_module(name: str) -> bool:
    """Return whether a dotted name below ssmwake is a module or a package."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path.is_dir() or path.with_suffix(".py").is_file()


@pytest.mark.parametrize("path", sorted(LINT.rglob("*.py")), ids=lambda path: path.relative_to(LINT).as_posix())
def test_the_floors_of_lint_import_only_what_is_below_them(path: Path) -> None:
    room = path.relative_to(LINT).parts[0].removesuffix(".py")
    rooms = {name.split(".")[2] for name in modules(path) if name.startswith("ssmwake.lint.")}
    rooms |= {"__init__"} & ({"__init__"} if "ssmwake.lint" in modules(path) else set())
    assert {other for other in rooms - {room} if LEVELS[other] >= LEVELS[room]} == set()


def test_every_room_of_lint_has_a_floor() -> None:
    assert {path.relative_to(LINT).parts[0].removesuffix(".py") for path in LINT.rglob("*.py")} == set(LEVELS)


def test_no_two_classes_have_the_same_name() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_no_module_imports_itself_through_others() -> None:
    graph = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(("ssmwake", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        graph[name] = modules(path) - {name}
    # What nobody else imports, and what imports nobody else, is in no circle.
    while ends := {name for name, below in graph.items() if not below & set(graph)}:
        graph = {name: below - ends for name, below in graph.items() if name not in ends}
    while True:
        imported = {below for each in graph.values() for below in each}
        if not (tops := set(graph) - imported):
            break
        graph = {name: below for name, below in graph.items() if name not in tops}
    assert sorted(graph) == []
