"""What a fresh interpreter loads: start-up is paid by every command, every time."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "botorch", "gpytorch", "pandas", "matplotlib", "scipy", "opentrons", "langchain_core")


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("room", ["world_model", "world_model.terms", "planner", "protocols", "runs", "runs.cli.main", "nextwell"])
def test_importing_a_room_loads_nothing_heavy(room):
    assert loaded_by(f"import {room}") == set()


def test_compiling_protocols_needs_no_torch():
    assert loaded_by("import protocols.compile") & {"torch", "botorch", "gpytorch", "opentrons"} == set()
