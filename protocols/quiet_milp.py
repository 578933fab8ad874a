"""Mixed-integer programmes without HiGHS's own lines: now and then it writes one to the standard output, into a command's JSON."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def milp(*programme: Any, **options: Any) -> Any:
    """`scipy.optimize.milp`, with the process's standard output set aside while it runs."""
    from scipy.optimize import milp as solve

    with _standard_output_aside():
        return solve(*programme, **options)


@contextmanager
def _standard_output_aside() -> Iterator[None]:
    """File descriptor 1 leads nowhere inside; what C code has in its buffer is dropped there, too."""
    flush = ctypes.CDLL(None).fflush
    sys.stdout.flush()
    flush(None)
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        flush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
