"""Problems for those who bring no table: published test functions of BoTorch, evaluated on fixed candidates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .planner_problem import Problem

FORMULAS = ("branin", "hartmann", "levels")


def formula_problem(name: str) -> Problem:
    """One of `FORMULAS`.

    `branin` (2 numbers, 441 rows on a grid) and `hartmann` (6 numbers, 1,024 scrambled Sobol rows) are BoTorch's own. `levels`
    has four categorical factors of six levels: every level has an effect, every neighbouring pair of factors an interaction, drawn once.
    """
    if name == "branin":
        from botorch.test_functions import Branin

        x, y = np.meshgrid(np.linspace(-5, 10, 21), np.linspace(0, 15, 21), indexing="ij")
        return _measured("branin", np.column_stack([x.ravel(), y.ravel()]), Branin(negate=True))
    if name == "hartmann":
        from botorch.test_functions import Hartmann
        from scipy.stats import qmc

        return _measured("hartmann", qmc.Sobol(6, seed=0).random(1024), Hartmann(negate=True))
    rng = np.random.default_rng(0)
    codes = np.indices((6,) * 4).reshape(4, -1).T
    value = sum(rng.normal(size=6)[codes[:, i]] for i in range(4)) + sum(0.5 * rng.normal(size=(6, 6))[codes[:, i], codes[:, i + 1]] for i in range(3))
    frame = pd.DataFrame({f"factor {letter}": [f"{letter}{code + 1}" for code in codes[:, i]] for i, letter in enumerate("ABCD")})
    return Problem.of(frame.assign(value=np.asarray(value)), name="levels", target="value")


def _measured(name: str, points: np.ndarray, function: object) -> Problem:
    import torch

    value = function(torch.as_tensor(points)).numpy()  # type: ignore[operator]
    frame = pd.DataFrame(points, columns=[f"x{i + 1}" for i in range(points.shape[1])])
    return Problem.of(frame.assign(value=value), name=name, target="value")
