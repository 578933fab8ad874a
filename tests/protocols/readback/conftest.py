"""The benches and drafts of the emitters' tests."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_found = spec_from_file_location("machine_benches", Path(__file__).parents[1] / "emitters" / "conftest.py")
assert _found is not None and _found.loader is not None
_benches = module_from_spec(_found)
_found.loader.exec_module(_benches)
drafts = _benches.drafts
