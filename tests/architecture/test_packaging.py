"""Only the listed packages ship, and the door opens only onto its own rooms."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_packages_that_ship_are_listed():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert told["project"]["name"] == "nextwell"
    assert sorted(told["tool"]["setuptools"]["packages"]["find"]["include"]) == ["planner*", "protocols*", "runs*", "world_model*"]
    assert told["tool"]["setuptools"]["py-modules"] == ["nextwell"]


def test_no_package_hides_under_tests():
    # one in tests/planner/ would make `import planner` mean the tests
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_room_folder_with_modules_is_a_package():
    for room in ("world_model", "planner", "protocols", "runs"):
        for folder in {path.parent for path in (ROOT / room).rglob("*.py")}:
            assert (folder / "__init__.py").exists(), f"{folder.relative_to(ROOT)} has no __init__.py and would not ship"
