"""Silence for a solver that writes past Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_output() -> Iterator[None]:
    """Nothing that compiled code prints meanwhile reaches the process's standard output.

    HiGHS leaves a line of its own there when it repairs a solution of mixed-integer programmes with logarithms, whatever is asked of
    it; a command's JSON would no longer be JSON.
    """
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except (OSError, ValueError, AttributeError):  # there is no such output to keep clean
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)
