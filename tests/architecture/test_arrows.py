"""The arrows between rooms, read from the import statements of every module."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("world_model", "planner", "protocols", "runs")
# room → what it may import of the other rooms
MAY_IMPORT = {
    "world_model": (),
    "planner": ("world_model",),
    "protocols": ("world_model.terms",),
    "runs": ("world_model", "planner", "protocols"),
}
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports_of(path: Path, *, top_level_only: bool = False) -> list[str]:
    """Absolute names of what a module imports; names imported for type checking alone are left out."""
    package = path.relative_to(ROOT).with_suffix("").parts
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found: list[str] = []
    for node in nodes:
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: -node.level] if node.level else ()
            stem = ".".join((*base, *((node.module or "").split(".") if node.module else ())))
            found += [f"{stem}.{alias.name}" for alias in node.names]
    return found


def begins(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_along_its_arrows(path):
    room = path.relative_to(ROOT).parts[0]
    for name in imports_of(path):
        other = name.split(".")[0]
        if other in ROOMS and other != room:
            assert any(begins(name, allowed) for allowed in MAY_IMPORT[room]), f"{room} may not import {name}"
        assert other != "nextwell", f"{path.name} imports the door; only notebooks do"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_rooms(path):
    where = path.relative_to(ROOT)
    for name in imports_of(path):
        if begins(name, "langchain") or begins(name, "langgraph") or name.startswith("langchain_"):
            assert where.parts[:2] == ("protocols", "language"), f"{where} imports {name}"
        if begins(name, "botorch.acquisition") or begins(name, "botorch.optim"):
            assert where.parts[0] == "planner", f"{where} imports {name}"
        if begins(name, "torch") or begins(name, "botorch") or begins(name, "gpytorch"):
            assert where.parts[0] in ("world_model", "planner", "runs"), f"{where} imports {name}"
            assert where.parts[:2] != ("world_model", "terms"), f"{where} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_evaluates_text_or_unpickles(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile", "__import__"), f"{path.name}:{node.lineno}"
    assert not any(begins(name, bad) for name in imports_of(path) for bad in ("pickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"))
