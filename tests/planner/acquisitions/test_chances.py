"""How likely constraints hold, where only draws tell."""

from __future__ import annotations

import pytest
import torch

from planner.acquisitions.feasibility import Limit, _chance
from world_model.terms.outcome_constraint import OutcomeConstraint


class Drawn:
    """A posterior that is known by draws alone: a standard normal number, drawn as coefficients are."""

    def is_exact(self, readout):
        return False

    def readout_draws(self, readout, *, seed):
        return torch.randn(1, 4096, generator=torch.Generator().manual_seed(seed), dtype=torch.double).T


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_a_control_truly_gives_is_independent_of_what_the_design_does(seed):
    """Both are 0 ± 1: the design is above or below the control with a chance of one half each."""
    constraint = OutcomeConstraint(readout="y", at_most=1.0, relative_to="reference")
    limit = Limit(constraint=constraint, place=1, bound=0.0, doubt=1.0, sign=1.0, scale=1.0)
    told = _chance(Drawn(), constraint, [limit], seed=seed)  # type: ignore[arg-type]
    assert told.tolist() == pytest.approx([0.5], abs=0.03)
