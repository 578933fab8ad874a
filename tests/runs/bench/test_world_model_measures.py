"""The world-model bench's arithmetic, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from runs.bench.decision_measures import Optimised, auroc, effect_signs, kendall, ranking, regret, reward_prediction
from runs.bench.forecast_measures import Told, accuracy, calibration, forecast, sd_follows_error, trust_horizon

SHAPE = (400, 5, 2)
SCALE = np.array([2.0, 0.5])


def told(mean: np.ndarray, *, state: float, reading: float) -> Told:
    ones = np.ones(mean.shape) * SCALE
    return Told(mean=mean, sd_state=state * ones, sd_reading=reading * ones)


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    return np.random.default_rng(0).normal(size=SHAPE) * SCALE


@pytest.fixture(scope="module")
def readings(truth: np.ndarray) -> np.ndarray:
    return truth + 0.05 * SCALE * np.random.default_rng(1).normal(size=SHAPE)


def test_an_exact_model_has_no_error_and_covers_what_it_promises(truth, readings):
    figures = forecast(told(truth, state=0.0, reading=0.05), truth=truth, readings=readings, scale=SCALE, times=np.arange(5.0))
    assert figures["nrmse"] == 0 and figures["crps"] < 1e-6
    assert figures["coverage90"] == pytest.approx(0.9, abs=0.02) and figures["coverage50"] == pytest.approx(0.5, abs=0.03)
    assert figures["width90"] == pytest.approx(2 * 1.6449 * 0.05, rel=1e-3) and figures["pit ks"] < 0.03
    assert figures["trust horizon"] == 4.0


def test_half_the_true_sd_covers_what_the_normal_law_says(truth, readings):
    # |z| < 1.645 / 2: 58.9 % of a normal
    figures = calibration(told(truth, state=0.0, reading=0.025), readings=readings, scale=SCALE)
    assert figures["coverage90"] == pytest.approx(2 * norm.cdf(1.6449 / 2) - 1, abs=0.02)
    assert figures["pit ks"] > 0.1


def test_predicting_the_average_of_a_standardised_truth_errs_by_one(truth):
    mean = np.broadcast_to(truth.mean(axis=(0, 1)), SHAPE)
    figures = accuracy(told(np.array(mean), state=1.0, reading=1.0), truth=truth, scale=truth.std((0, 1)))
    assert figures["nrmse"] == pytest.approx(1.0)
    # CRPS of the right standard normal: 1 / sqrt(pi)
    assert figures["crps"] == pytest.approx(1 / math.sqrt(math.pi), abs=0.02)


def test_trust_ends_where_the_first_row_fails_and_not_at_the_last_good_one():
    rows = [{"time": float(i), "coverage90": c, "nrmse": e} for i, (c, e) in enumerate([(0.9, 0.1), (0.9, 0.4), (0.9, 0.6), (0.9, 0.1)])]
    assert trust_horizon(rows) == 1.0
    assert trust_horizon([{"time": 0.0, "coverage90": 0.7, "nrmse": 0.1}]) is None


def test_sd_that_rises_with_the_error_has_rank_correlation_one():
    assert sd_follows_error([{"sd": s, "error": e} for s, e in ((1, 2), (2, 3), (3, 7))]) == pytest.approx(1.0)
    assert sd_follows_error([{"sd": 1, "error": e} for e in (2, 3, 7)]) is None


def test_kendall_of_one_swapped_neighbour_among_four_is_two_thirds():
    # 5 of 6 pairs agree, 1 does not: (5 - 1) / 6
    assert kendall(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3])) == pytest.approx(2 / 3)
    assert kendall(np.zeros(4), np.arange(4.0)) is None


def test_regret_is_what_the_best_is_worth_above_the_best_of_the_chosen():
    believed, true = np.array([5.0, 4, 3, 2, 1, 0]), np.array([1.0, 7, 3, 10, 0, 2])
    assert regret(believed, true, at=1) == 9.0
    assert regret(believed, true, at=2) == 3.0
    assert regret(believed, true, at=5) == 0.0


def test_ranking_is_the_mean_over_whole_groups_in_units_of_the_spread():
    believed, true = np.array([1.0, 2, 2, 1, 9]), np.array([1.0, 2, 1, 2, 0])
    found = ranking(believed, true, spread=2.0, size=2)
    # first pair in order, second reversed; the fifth plan makes no group
    assert found["kendall tau"] == pytest.approx(0.0) and found["regret@1"] == pytest.approx((0 + 1) / 2 / 2.0)


def test_exploitability_is_promise_beyond_truth():
    figures = Optimised(promised=9.0, true=5.0, random=1.0, best_run=6.0).told(spread=2.0)
    assert figures == {"lift over random": 2.0, "lift over best run": -0.5, "exploitability": 2.0}


def test_signs_count_only_effects_beyond_the_noise():
    signs = effect_signs(np.array([1.0, -1.0, -1.0, 3.0]), np.array([2.0, 2.0, 0.01, np.nan]), noise=0.05)
    assert (signs.right, signs.n, signs.share) == (1, 2, 0.5)
    assert signs.rmse == pytest.approx(math.sqrt((1 + 9 + 1.01**2) / 3))


def test_reward_r2_of_the_mean_is_zero_and_of_the_truth_one():
    true = np.array([1.0, 2, 3, 6])
    assert reward_prediction(np.full(4, 3.0), true)["reward r2"] == pytest.approx(0.0)
    assert reward_prediction(true, true) == {"reward r2": 1.0, "reward rank": pytest.approx(1.0)}


def test_auroc_counts_pairs_and_half_of_ties():
    # pairs (inside, beyond): 1<2, 1<3, 2=2, 2<3 → 3.5 of 4
    assert auroc(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == pytest.approx(3.5 / 4)
