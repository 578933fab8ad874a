"""Nothing that C code prints while a programme is solved reaches the standard output."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
import scipy.optimize

from protocols.quiet_milp import milp


def test_what_c_code_prints_is_set_aside_and_what_comes_later_is_not(capfd, monkeypatch):
    solve = scipy.optimize.milp

    def chatty(*programme, **options):
        ctypes.CDLL(None).puts(b"a line of its own")
        return solve(*programme, **options)

    monkeypatch.setattr(scipy.optimize, "milp", chatty)
    # max x with x <= 2.5 and whole: 2
    answer = milp(np.array([-1.0]), integrality=np.array([1]), bounds=scipy.optimize.Bounds(0, 2.5))
    assert answer.x[0] == pytest.approx(2.0)
    print("told afterwards")
    assert capfd.readouterr().out == "told afterwards\n"
