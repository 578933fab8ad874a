"""The ledger and what it asks of the next batch: numbers by hand, limit cases, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.honesty.exploring import exploring_of
from planner.honesty.foretold import Foretold, spans
from planner.honesty.ledger import crps, ledger_of
from planner.honesty.stretch import Inside, stretch_of
from world_model.scores import Z90, gaussian_crps

GOAL = "maximise yield at the end"


def told(round, z, *, sd=2.0, stretch=1.0, condition=None, k=0):
    """A prediction of 10 that missed by z told sd."""
    id = f"R{round:02d}-{k:03d}"
    return Foretold(
        id=id, round=round, goal=GOAL, condition=condition or id, mean=10.0, sd=sd, low=10 - Z90 * sd, high=10 + Z90 * sd, read=10 + z * sd, stretch=stretch
    )


def batch(round, zs, **more):
    return [told(round, z, k=k, **more) for k, z in enumerate(zs)]


def test_a_score_is_what_a_hand_computes():
    total = ledger_of(GOAL, batch(2, (0.0, 1.0, -2.0, 3.0))).total
    assert (total.results, total.within, total.conditions) == (4, 2, 4)
    assert total.bias == pytest.approx(2.0 * (0 + 1 - 2 + 3) / 4)
    assert total.spread == pytest.approx(math.sqrt((0 + 1 + 4 + 9) / 4))


def test_crps_is_that_of_the_world_models_judge():
    mean, sd, read = np.array([1.0, -2.0, 0.3]), np.array([0.5, 3.0, 1e-3]), np.array([1.7, 4.0, 0.3])
    theirs = gaussian_crps(torch.tensor(mean), torch.tensor(sd), torch.tensor(read)).numpy()
    assert crps(mean, sd, read) == pytest.approx(theirs)
    assert crps(np.array([1.0]), np.array([0.0]), np.array([3.0])) == pytest.approx([2.0])


def test_few_predictions_give_no_verdict():
    assert ledger_of(GOAL, batch(2, (9.0,) * 5)).standing == "too few"


def test_replicates_are_one_condition():
    wells = [told(2, 5.0, condition="R02-000", k=k) for k in range(12)]
    assert ledger_of(GOAL, wells).standing == "too few"


def test_normal_errors_are_honest_and_threefold_errors_too_sure():
    honest = np.random.default_rng(0).normal(size=24)
    assert ledger_of(GOAL, batch(2, honest)).standing == "honest"
    assert ledger_of(GOAL, batch(2, 3 * honest)).standing == "too sure"


def test_errors_on_one_side_in_two_rounds_drift_in_one_round_they_do_not():
    aside = 1.5 + 0.1 * np.random.default_rng(1).normal(size=12)
    assert ledger_of(GOAL, batch(2, aside)).standing == "honest"
    assert ledger_of(GOAL, [*batch(2, aside), *batch(3, aside)]).standing == "drifting"
    assert ledger_of(GOAL, [*batch(2, aside), *batch(3, -aside)]).standing == "honest"


def test_small_rounds_are_taken_together():
    singles = [told(number, 0.1) for number in range(2, 16)]
    assert [len(span) for span in spans(singles)] == [6, 8]


def test_without_errors_nothing_is_stretched():
    assert stretch_of([]).factor == 1.0
    assert stretch_of(batch(2, np.random.default_rng(2).normal(size=24) * 0.8)).factor == 1.0


def test_the_stretch_is_the_conjugate_scale_times_the_students_quantile():
    """Six errors of 2 sd beside a prior of six at 1: scale² = (6 · 1 + 6 · 4) / 12, on 12 degrees of freedom."""
    from scipy.stats import t

    assert stretch_of(batch(2, (2.0,) * 6)).factor == pytest.approx(math.sqrt(2.5) * t.ppf(0.95, 12) / Z90)


def test_one_wild_well_does_not_widen_everything():
    """Its error counts as 4: scale² = (6 + 16) / 7, and no more however far it lies."""
    assert stretch_of([told(2, 50.0)]).factor == pytest.approx(stretch_of([told(2, 4.0)]).factor)


def test_errors_are_measured_in_the_models_own_sd():
    """An interval stretched twofold that then just holds asks for the twofold again."""
    once = stretch_of(batch(2, (2.0,) * 6))
    again = stretch_of(batch(2, (1.0,) * 6, stretch=2.0))
    assert again.factor == pytest.approx(once.factor)


def test_a_model_that_has_learned_is_forgiven():
    bad, good = batch(2, (3.0,) * 12), [one for number in range(3, 9) for one in batch(number, (0.9,) * 12)]
    assert stretch_of(bad).factor > 2
    assert stretch_of(bad + good).factor < 1.2


def test_refits_are_a_prior_that_results_overrule():
    inside = Inside(spread=2.0, conditions=6.0, why="refits")
    assert stretch_of([], inside=inside).factor > 2
    good = batch(2, (0.5,) * 6) + batch(3, (0.5,) * 6)
    assert stretch_of(good, inside=inside).factor < stretch_of([], inside=inside).factor


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.integers(2, 5))
def test_a_stretch_never_narrows_and_is_bounded(zs, round):
    assert 1.0 <= stretch_of(batch(round, zs)).factor <= 4.0


def test_a_corrected_normal_is_covered_at_the_promised_rate():
    """Errors truly twice the sd: after three rounds of 24 the stretched intervals hold 85 to 95 %."""
    generator = np.random.default_rng(3)
    within = total = 0
    for _ in range(40):
        past: list[Foretold] = []
        for number in range(2, 6):
            factor = stretch_of(past).factor
            z = 2 * generator.normal(size=24)
            if number == 5:
                within, total = within + int((np.abs(z) <= Z90 * factor).sum()), total + 24
            past += [told(number, each / factor, sd=2.0 * factor, stretch=factor, k=k) for k, each in enumerate(z)]
    assert 0.85 <= within / total <= 0.95


def test_exploring_waits_until_stretching_has_failed():
    first, second = batch(2, (3.0, -3.0) * 6), batch(3, (3.0, -3.0) * 6)
    assert not exploring_of(first).why
    assert exploring_of([*first, *second]).why
    assert exploring_of([*first, *second]).wells(24, round=4) == 6
    assert [exploring_of([*first, *second]).wells(1, round=number) for number in (4, 5, 6, 7, 8)] == [1, 0, 0, 0, 1]
    assert not exploring_of([*first, *batch(3, (0.5, -0.5) * 6)]).why
