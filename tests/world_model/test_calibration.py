"""Conformal factors: known answers for planted over- and underconfidence."""

import pytest
import torch

from world_model.calibration import FEWEST_GROUPS, fit_calibration
from world_model.contract import Belief

N = 4000


def _planted(sd_told, *, n=N, t=3):
    values = torch.randn(n, t, 1, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    told = Belief(mean=torch.zeros(n, t, 1, dtype=torch.double), epistemic=torch.full((n, t, 1), sd_told**2, dtype=torch.double), aleatoric=torch.zeros(n, t, 1, dtype=torch.double))
    return told, values, torch.arange(n)


@pytest.mark.parametrize(("told_sd", "factor"), [(0.5, 2.0), (1.0, 1.0), (2.0, 0.5)])
def test_the_factor_undoes_a_wrong_sd(told_sd, factor):
    assert fit_calibration(*_planted(told_sd)).factor.flatten().tolist() == pytest.approx([factor] * 3, rel=0.05)


def test_a_horizon_that_is_worse_gets_a_larger_factor():
    told, values, groups = _planted(1.0, t=5)
    values[:, 4] *= 3
    factor = fit_calibration(told, values, groups).factor.flatten()
    assert factor[4] > factor[2] == pytest.approx(1.0, rel=0.05)


def test_few_interventions_change_nothing():
    told, values, groups = _planted(0.1, n=FEWEST_GROUPS - 1)
    assert fit_calibration(told, values, groups).is_one


def test_a_finite_sample_takes_the_next_larger_score():
    # 19 interventions of one time and observable with scores 1 … 19: ceil(20 * 0.9) / 19, the 18th of them
    values = torch.arange(1.0, 20.0, dtype=torch.double).reshape(-1, 1, 1)
    one = torch.ones_like(values)
    told = Belief(mean=torch.zeros_like(values), epistemic=one * 100.0, aleatoric=one * 0.0)
    expected = torch.tensor(18 / 19, dtype=torch.double)
    assert fit_calibration(told, values, torch.arange(19)).factor.item() == pytest.approx(
        float((values.flatten() / 10).quantile(expected)) / 1.6448536, rel=1e-6
    )


def test_rounds_that_were_foretold_worse_than_left_out_points_widen():
    told, values, groups = _planted(1.0)
    worse, _, _ = _planted(0.25)
    assert fit_calibration(told, values, groups, foretold=worse).factor.min() == pytest.approx(4.0, rel=0.05)


def test_readings_that_are_missing_do_not_count():
    told, values, groups = _planted(1.0)
    values[::2] = torch.nan
    assert fit_calibration(told, values, groups).factor.flatten().tolist() == pytest.approx([1.0] * 3, rel=0.06)


def test_many_readings_of_few_interventions_change_nothing():
    """11 interventions of 3 wells and 3 times are 99 readings of an observable, and 11 cases."""
    told, values, _ = _planted(0.1, n=3 * FEWEST_GROUPS)
    groups = torch.arange(3 * FEWEST_GROUPS) // 3
    values[groups == 0] = torch.nan  # the first was never read
    assert fit_calibration(told, values, groups).is_one
    values[0, 1, 0] = 1.0
    assert fit_calibration(told, values, groups).factor.min() > 2.0


def test_a_common_start_does_not_narrow_what_follows():
    """Half of the readings about the second time are foreseen by everybody; its factor is that of the others."""
    told, values, groups = _planted(1.0, t=2)
    values[:, 0] = 0.0
    assert fit_calibration(told, values, groups).factor.flatten().tolist() == pytest.approx([1.0, 1.0], rel=0.06)
