"""The README's example runs as it is printed."""

from __future__ import annotations

import doctest
from pathlib import Path

import world_model


def test_the_example_runs():
    told = doctest.testfile(str(Path(world_model.__file__).with_name("README.md")), module_relative=False)
    assert told.attempted > 10 and told.failed == 0
