"""The README's example runs as it is printed."""

from __future__ import annotations

import doctest
from pathlib import Path

import protocols


def test_the_readmes_example_runs():
    path = Path(protocols.__file__).with_name("README.md")
    told = doctest.testfile(str(path), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert told.attempted > 10
    assert told.failed == 0
