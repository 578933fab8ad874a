"""A readout that matters is one coefficient, and the others are blind to it."""

from __future__ import annotations

import torch

from world_model.basis import fit_basis
from world_model.readouts import linear_weights
from world_model.terms.goals import Goal

HOURS = torch.tensor([0.0, 1.0, 3.0, 6.0], dtype=torch.double)


def curves() -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    scores = torch.randn(30, 3, generator=generator, dtype=torch.double)
    shapes = torch.randn(3, 4, 2, generator=generator, dtype=torch.double)
    return torch.einsum("nk,kty->nty", scores, shapes) + 0.01 * torch.randn(30, 4, 2, generator=generator, dtype=torch.double)


def test_the_weights_of_an_area_are_those_of_the_trapezoid_rule():
    weights = linear_weights(Goal(readout="od", take="area"), times_h=HOURS, variables=("od", "gfp"), read=torch.ones(4, 2, dtype=torch.bool))
    assert weights is not None
    assert torch.allclose(weights[:, 0], torch.tensor([0.5, 1.5, 2.5, 1.5], dtype=torch.double))  # half of the neighbouring gaps
    assert not weights[:, 1].any()


def test_only_the_first_component_moves_the_readout():
    values = curves()
    weights = linear_weights(Goal(readout="gfp"), times_h=HOURS, variables=("od", "gfp"), read=torch.ones(4, 2, dtype=torch.bool))
    assert weights is not None
    basis = fit_basis(values, times_h=HOURS, functionals=weights.unsqueeze(0))
    seen = (basis.components * weights).sum(dim=(1, 2))
    assert seen[0] > 0.1
    assert seen[1:].abs().max() < 1e-9 * seen[0]
    # so the readout of a curve is its first coefficient, to the prior's small shrinkage
    told = (basis.mean * weights).sum() + basis.encode(values)[:, 0] * seen[0]
    assert torch.allclose(told, values[:, -1, 1], atol=1e-3)
