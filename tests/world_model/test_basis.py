"""Curves as coefficients: exact where the curves are of low rank."""

from __future__ import annotations

import pytest
import torch

from world_model.basis import fit_basis
from world_model.terms.errors import ResultsError

TIMES = torch.linspace(0, 10, 9, dtype=torch.double)


def _curves(n=24, seed=0):
    """`n x 9 x 2` of rank 2: a rise and a hump, in two observables of very different size."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(n, 2, generator=generator, dtype=torch.double)
    rise, hump = TIMES / 10, torch.exp(-((TIMES - 5) ** 2) / 4)
    shapes = torch.stack([torch.stack([rise, 1000 * hump], -1), torch.stack([hump, 500 * rise], -1)])
    return 2.0 + torch.einsum("nk,kty->nty", scores, shapes)


def test_curves_of_low_rank_come_back_exactly():
    curves = _curves()
    basis = fit_basis(curves, times_h=TIMES)
    assert basis.size == 2
    back = basis.decode(basis.encode(curves))
    assert float(((back - curves) / basis.scale).abs().max()) < 1e-4


def test_coefficients_have_unit_spread():
    """The GPs' priors are about targets of unit variance. The shrinkage of encoding costs less than one in a thousand."""
    curves = _curves()
    coefficients = fit_basis(curves, times_h=TIMES).encode(curves)
    assert torch.allclose(coefficients.square().mean(0), torch.ones(2, dtype=torch.double), rtol=2e-3)


def test_gaps_are_filled_from_what_the_curves_share():
    """A curve of rank 2 is known from 16 of its 18 readings."""
    curves = _curves(40)
    holed = curves.clone()
    for row in range(40):
        holed[row, row % 9, 0] = holed[row, (row + 4) % 9, 1] = torch.nan
    basis = fit_basis(holed, times_h=TIMES)
    back = basis.decode(basis.encode(holed))
    gaps = torch.isnan(holed)
    assert float(((back - curves) / basis.scale)[gaps].abs().max()) < 0.02


def test_a_row_without_readings_says_nothing():
    curves = _curves()
    curves[3] = torch.nan
    told = fit_basis(curves, times_h=TIMES).encode(curves)
    assert torch.isnan(told[3]).all() and torch.isfinite(told[torch.arange(24) != 3]).all()


def test_end_points_are_their_own_coefficients():
    """One time: each observable is a coefficient, with its gaps kept."""
    values = torch.tensor([[[1.0, 10.0]], [[3.0, torch.nan]], [[5.0, 30.0]]], dtype=torch.double)
    basis = fit_basis(values, times_h=torch.tensor([torch.nan], dtype=torch.double))
    told = basis.encode(values)
    assert basis.identity and told.shape == (3, 2) and bool(torch.isnan(told[1, 1]))
    # (1 − 3)/sd with sd = √(8/3)
    assert float(told[0, 0]) == pytest.approx(-2 / (8 / 3) ** 0.5)
    back = basis.decode(torch.nan_to_num(told))
    assert torch.allclose(back[torch.isfinite(values)], values[torch.isfinite(values)])


def test_variances_decode_as_squares():
    """Var(Σ c_k b_k) = Σ Var(c_k) b_k² for independent coefficients: against 100,000 draws."""
    basis = fit_basis(_curves(), times_h=TIMES)
    sd = torch.tensor([0.5, 2.0], dtype=torch.double)
    draws = basis.decode(sd * torch.randn(100_000, 2, generator=torch.Generator().manual_seed(4), dtype=torch.double))
    told = basis.decode_variance(sd.square())
    big = told > 1e-3 * told.max(dim=0).values
    assert torch.allclose(draws.var(dim=0)[big], told[big], rtol=0.03)


def test_an_observable_that_was_never_read_is_refused():
    curves = _curves()
    curves[:, :, 1] = torch.nan
    with pytest.raises(ResultsError, match="observable 2"):
        fit_basis(curves, times_h=TIMES)
