"""The judge's rules, on scores given by hand."""

from __future__ import annotations

import pytest
import torch

from world_model.judge import FEW_INTERVENTIONS, pick

ORDER = ("wide", "linear", "mean")


def _verdict(scores, *, n_records=100, shuffled=None):
    given = {family: torch.as_tensor(column, dtype=torch.double) for family, column in scores.items()}
    order = [family for family in ORDER if family in given]
    return pick(order, given, n_records=n_records, shuffled=None if shuffled is None else torch.as_tensor(shuffled, dtype=torch.double), failed={})


def _scores(n, *, better_by):
    """Two columns whose paired differences are better_by ± 1, alternating: mean better_by, standard error √(n/(n−1))/√n."""
    swing = torch.tensor([1.0, -1.0]).repeat(n // 2)
    first = torch.full((n,), 5.0)
    return {"wide": first, "linear": first - better_by - swing}


def test_few_interventions_leave_the_prior_order():
    """However much better the rival: with 10 interventions the first of the prior order stands."""
    verdict = _verdict(_scores(FEW_INTERVENTIONS - 2, better_by=4.0))
    assert verdict.picked == "wide" and "too few" in verdict.why and verdict.level == 1


@pytest.mark.parametrize(("better_by", "picked"), [(0.30, "linear"), (0.20, "wide"), (-1.0, "wide")])
def test_a_rival_wins_by_more_than_one_standard_error(better_by, picked):
    """n = 16, differences ± 1 about the mean: sd = √(16/15), standard error √(16/15)/4 = 0.258. 0.30 is above it, 0.20 is not."""
    verdict = _verdict(_scores(16, better_by=better_by))
    assert verdict.picked == picked
    assert verdict.lead["linear"] == pytest.approx(better_by / 0.2581989, rel=1e-5)


def test_the_mean_is_a_measure_and_never_the_plan():
    """A model of no effect can't choose experiments, so it may only say that the others are no better."""
    verdict = _verdict({"wide": [5.0] * 12, "linear": [5.0] * 12, "mean": [1.0] * 12})
    assert verdict.picked == "wide" and verdict.level == 1 and "mean" in verdict.why


def test_the_simple_model_that_is_as_good_is_named():
    verdict = _verdict({**_scores(16, better_by=0.0), "mean": [9.0] * 16})
    assert verdict.why.endswith("The linear model is as good here.")


def test_level_two_needs_both_rivals_beaten():
    """Level 2: better than no effect *and* than shuffled actions, each by one standard error."""
    wide, worse, same = [1.0, 1.2] * 8, [3.0, 3.4] * 8, [1.2, 1.0] * 8
    assert _verdict({"wide": wide, "mean": worse}, shuffled=worse).level == 2
    assert _verdict({"wide": wide, "mean": same}, shuffled=worse).level == 1
    assert _verdict({"wide": wide, "mean": worse}, shuffled=same).level == 1
    assert _verdict({"wide": wide, "mean": worse}, shuffled=None).level == 1


def test_a_verdict_is_fresh_until_the_records_have_grown_by_a_quarter():
    verdict = _verdict(_scores(16, better_by=0.0), n_records=40)
    assert verdict.is_fresh(49) and not verdict.is_fresh(50)
