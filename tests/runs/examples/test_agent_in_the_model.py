"""The example trains inside a model and is scored outside: here in its smallest form."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("gymnasium", reason="the extra `gym` is not installed")

SCRIPT = Path(__file__).resolve().parents[3] / "runs" / "examples" / "agent_in_the_model.py"


@pytest.mark.slow
def test_an_agent_from_inside_beats_a_random_one_outside(capsys):
    spec = importlib.util.spec_from_file_location("agent_in_the_model", SCRIPT)
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["agent_in_the_model"] = example
    spec.loader.exec_module(example)
    told = example.main(steps=4, population=10, episodes=6, seed=2)
    assert told["outside"] > told["random outside"]
    assert told["gap"] == pytest.approx(told["inside"] - told["outside"])
    assert "gap, inside less outside" in capsys.readouterr().out
