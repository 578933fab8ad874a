"""The room's README says what is true."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_the_ten_lines_of_the_readme_run():
    told = doctest.testfile(str(Path(__file__).parents[2] / "runs" / "README.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert told.attempted > 8 and told.failed == 0
