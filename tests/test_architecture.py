"""The architecture as a test: layers, who may import what, cycles, and the size of files."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("core", "training", "nodes", "app")
QT = {"PySide6", "shiboken6", "NodeGraphQt", "Qt"}
LONGEST_FILE = 450
LONGEST_FUNCTION = 80
MOST_METHODS = 20


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def import_nodes(tree: ast.AST, *, on_import_only: bool) -> list[ast.Import | ast.ImportFrom]:
    """All import statements, or only those that run when the module is imported."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif on_import_only and (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_type_checking(node)):
            continue
        else:
            found += import_nodes(node, on_import_only=on_import_only)
    return found


def imported(path: Path, *, on_import_only: bool = False) -> set[str]:
    """The dotted names that a file imports; `from a import b` gives both `a` and `a.b`."""
    names: set[str] = set()
    for node in import_nodes(parsed(path), on_import_only=on_import_only):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; write the whole name"
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def packages(path: Path, *, on_import_only: bool = False) -> set[str]:
    return {name.split(".")[0] for name in imported(path, on_import_only=on_import_only)}


def module_graph() -> dict[str, set[str]]:
    """Which of our modules each module imports while it is itself imported."""
    files = {module_name(path): path for path in [*sources(*LAYERS), ROOT / "main.py"]}
    return {
        name: {other for other in imported(path, on_import_only=True) if other in files and other != name}
        for name, path in files.items()
    }


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Strip modules that import nothing left over, again and again; what stays is caught in a cycle."""
    left = {name: set(targets) for name, targets in graph.items()}
    while True:
        leaves = {name for name, targets in left.items() if not targets & left.keys()}
        if not leaves:
            return sorted(left)
        left = {name: targets for name, targets in left.items() if name not in leaves}


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_go_only_leftward(layer: str) -> None:
    right = {*LAYERS[LAYERS.index(layer) + 1 :], "main", "benchmarks", "tests", "bootstrap"}
    upward = {str(path.relative_to(ROOT)): packages(path) & right for path in sources(layer)}
    assert not {path: names for path, names in upward.items() if names}


def test_only_the_app_imports_qt() -> None:
    assert not [path for path in sources("core", "training", "nodes") if packages(path) & QT]


def test_commands_without_a_screen_do_not_import_qt() -> None:
    assert not [path for path in sources("app/commands") if packages(path) & QT]


def test_the_graph_does_not_import_torch() -> None:
    light = [*sources("core/graph"), *(ROOT / "core" / name for name in ("errors.py", "cancellation.py"))]
    assert not [path for path in light if "torch" in packages(path)]


def test_no_import_cycles() -> None:
    assert find_cycle(module_graph()) == []


def test_a_cycle_would_be_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def test_no_star_imports() -> None:
    stars = [path for path in sources(*LAYERS, "benchmarks", "tests") if any(n.endswith(".*") for n in imported(path))]
    assert not stars


def test_files_are_short() -> None:
    files = [*sources(*LAYERS, "benchmarks", "tests"), *ROOT.glob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE}


def test_functions_are_short_and_classes_small() -> None:
    large = []
    for path in [*sources(*LAYERS, "benchmarks"), *ROOT.glob("*.py")]:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    large.append(f"{path.name}:{node.name} has {lines} lines")
            elif isinstance(node, ast.ClassDef):
                methods = sum(isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body)
                if methods > MOST_METHODS:
                    large.append(f"{path.name}:{node.name} has {methods} methods")
    assert not large


def test_every_file_postpones_its_annotations() -> None:
    future = "from __future__ import annotations"
    without = [path for path in sources(*LAYERS) if parsed(path).body[1:] and future not in path.read_text("utf-8")]
    assert not without
