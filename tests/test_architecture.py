"""The shape of the code: imports point one way, modules stay small, names are exported on purpose."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("src", "ingest", "ui", "evals")
MAX_LINES = 400

LAYERS: tuple[tuple[str, ...], ...] = (
    ("tutor.errors",),
    ("tutor.config",),
    ("tutor.documents",),
    ("tutor.weights",),
    ("tutor.embedding",),
    ("tutor.index",),
    ("tutor_ingest", "tutor.retrieval"),
    ("tutor.answering", "tutor.learning"),
    ("tutor.conversations",),
    ("tutor.bootstrap",),
    ("tutor.testing",),
    ("tutor.api", "tutor_ui", "tutor_evals"),
    ("tutor.cli", "tutor.commands"),
)
"""From the bottom up. A part may import itself and whatever stands in a lower layer, but no neighbour."""

TOP = LAYERS[-1]  # the command line may import anything
EVERYBODYS = "tutor"  # the package itself, for its version

RANKS = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}


def modules() -> dict[str, Path]:
    """Every module of ours with its file."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def part_of(module: str) -> str | None:
    """The part of the drawing that a module belongs to."""
    return next((part for part in RANKS if module == part or module.startswith(f"{part}.")), None)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of each import, those within functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import"
            yield from ((node.lineno, _imported(node.module or "", alias.name)) for alias in node.names)


def _imported(module: str, name: str) -> str:
    """`from package import module` imports the module, not the package."""
    return f"{module}.{name}" if f"{module}.{name}" in MODULES else module


def test_there_is_something_to_look_at() -> None:
    assert {"tutor.cli", "tutor.errors", "tutor_ingest.load", "tutor_ui", "tutor_evals"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_place(module: str) -> None:
    assert module == EVERYBODYS or part_of(module), f"add {module} to LAYERS, and to docs/architecture.md"


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downwards(module: str) -> None:
    own = part_of(module)
    for line, name in imports(MODULES[module]):
        other = part_of(name)
        if (
            name.partition(".")[0] not in {"tutor", "tutor_ingest", "tutor_ui", "tutor_evals"}
            or name == EVERYBODYS
        ):
            continue
        assert other, f"{module}:{line} imports {name}, which is no module of ours"
        assert own, f"{module}:{line} imports {name}, but the package itself imports nothing of ours"
        allowed = own == other or own in TOP or RANKS[other] < RANKS[own]
        assert allowed, f"{module}:{line} imports {name}, which stands beside or above it"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_why_it_exists(module: str) -> None:
    docstring = ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    assert docstring, f"{module} has no docstring"


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_long(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{module} has {lines} lines: split it by idea"


def test_the_environment_is_read_in_one_module() -> None:
    """Only `tutor.config` reads it; the other two set switches that libraries read."""
    readers = {
        name
        for name, path in MODULES.items()
        for _, imported in imports(path)
        if imported == "os" and "environ" in path.read_text()
    }
    assert readers == {"tutor.config", "tutor.commands.start", "tutor.embedding"}


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_by_star_or_loads_code(module: str) -> None:
    """No star imports; no pickle, which runs what it reads."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert not any(
        alias.name == "*"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    assert not any(
        name.partition(".")[0] in {"pickle", "marshal", "shelve"} for _, name in imports(MODULES[module])
    )


@pytest.mark.parametrize("package", [name for name, path in MODULES.items() if path.name == "__init__.py"])
def test_what_a_package_exports_is_there(package: str) -> None:
    """Each name in `__all__`, where there is one, exists and is named once."""
    module = importlib.import_module(package)
    names: list[str] = getattr(module, "__all__", [])
    assert len(names) == len(set(names))
    assert all(hasattr(module, name) for name in names)


def test_the_package_exports_its_version_alone() -> None:
    """Everything else is imported from the module that defines it, so that `import tutor` costs nothing."""
    tree = ast.parse(MODULES["tutor"].read_text(encoding="utf-8"))
    assigned = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert assigned == ["__version__"]
    assert not list(imports(MODULES["tutor"]))
