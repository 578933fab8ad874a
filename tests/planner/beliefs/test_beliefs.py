"""What may fail is learned from what failed; where somebody thinks that the best lies weighs, and fades."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.acquisition.prior_guided import PriorGuidedAcquisitionFunction
from botorch.models import SingleTaskGP

from planner.beliefs.beliefs import Beliefs
from planner.beliefs.feasible import Feasible
from planner.beliefs.optimum import LEAST, Hunch, agreement
from planner.beliefs.weighed import Weighed, weighed
from planner.pool import Pool
from world_model.encoding import Encoder
from world_model.fit import fit_world_model
from world_model.terms.errors import SpaceError
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.goals import Goal
from world_model.terms.priors import Prior
from world_model.terms.readings import FLAGS, Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=[Continuous(name="x", low=0, high=10), Categorical(name="base", levels=("KOAc", "K2CO3"))])
ENCODER = Encoder(SPACE)


def records(x: list[float], y: list[float | None]) -> Dataset:
    n = len(x)
    values = np.array([np.nan if told is None else told for told in y], dtype=float)
    flags = np.array([FLAGS.index("failed") if told is None else 0 for told in y])
    return Dataset(
        ids=tuple(f"E{i}" for i in range(n)), settings={"x": np.array(x), "base": np.array(["KOAc"] * n, dtype=object)}, roles=("candidate",) * n,
        blocks=("R01",) * n, times_h=np.array([np.nan]), variables=("y",), values=values[:, None, None], flags=flags[:, None, None],
    )  # fmt: skip


FAILS_ABOVE_7 = records([0, 1, 2, 3, 4, 5, 6, 7.5, 8.5, 9.5], [1.0] * 7 + [None] * 3)


def design(*x: float, base: float = 0.0) -> torch.Tensor:
    return torch.tensor([[value / 10, base] for value in x], dtype=torch.double)


def test_where_experiments_failed_the_chance_is_low_and_where_they_worked_it_is_high() -> None:
    told = Feasible.of(ENCODER, FAILS_ABOVE_7)
    assert told is not None and told.n_failed == 3
    low, edge, high = told.chance(design(8.6, 6.75, 2.5)).tolist()
    assert low < 0.25 < edge < 0.8 < high


def test_nothing_is_learned_while_nothing_failed_or_nothing_worked() -> None:
    assert Feasible.of(ENCODER, records([1, 2], [1.0, 2.0])) is None
    assert Feasible.of(ENCODER, records([1, 2], [None, None])) is None
    assert Beliefs.of(ENCODER, records([1, 2], [1.0, 2.0]), []) is None


def test_a_reading_that_was_not_taken_is_no_failure() -> None:
    data = records([1, 2, 3], [1.0, 2.0, None])
    data.flags[2] = -1
    assert Feasible.of(ENCODER, data) is None


def test_over_many_draws_a_design_is_done_as_often_as_its_chance() -> None:
    beliefs = Beliefs(feasible=Feasible.of(ENCODER, FAILS_ABOVE_7))
    assert beliefs.feasible is not None
    places = design(2.5, 6.75, 8.6)
    n, value, none = 2000, torch.zeros(3, dtype=torch.double), torch.zeros(3, dtype=torch.bool)
    done = torch.stack([torch.isfinite(beliefs.in_draw(value, places, seed=seed, taken=none)) for seed in range(n)]).double().mean(dim=0)
    chance = beliefs.feasible.chance(places)
    # the likeliest of all is never out, so that something is left to choose
    assert float(done[0]) == 1.0
    assert done[1:].tolist() == pytest.approx(chance[1:].tolist(), abs=3 * 0.5 / math.sqrt(n))


def test_a_draw_always_leaves_something_to_choose() -> None:
    beliefs = Beliefs(feasible=Feasible.of(ENCODER, FAILS_ABOVE_7))
    # what likely works breaks a constraint in this draw or was chosen before: only what may fail is left
    value = torch.tensor([-torch.inf, 1.0, 0.5], dtype=torch.double)
    taken = torch.tensor([False, True, False])
    for seed in range(50):
        told = beliefs.in_draw(value, design(2.5, 3.0, 8.6), seed=seed, taken=taken)
        assert float(told[2]) == 0.5


def test_space_filling_keeps_to_what_likely_works_unless_too_little_is_left() -> None:
    beliefs = Beliefs(feasible=Feasible.of(ENCODER, FAILS_ABOVE_7))
    pool = Pool(design=design(*np.linspace(0, 10, 21).tolist()), rows=None, exhaustive=True)
    kept = beliefs.workable(pool, n=5)
    assert float(kept.design[:, 0].max()) < 0.75 and len(kept) >= 12 and kept.exhaustive
    assert len(beliefs.workable(pool, n=21)) == 21


def test_a_hunch_is_down_to_60_percent_one_width_away_and_never_rules_out() -> None:
    hunch = Hunch.of(ENCODER, Prior(near={"x": 3.0}, width=0.2))
    centre, away, far = hunch.log_weight(design(3.0, 5.0, 10.0)).exp().tolist()
    assert centre == pytest.approx(1.0)
    assert away == pytest.approx(LEAST + (1 - LEAST) * math.exp(-0.5))
    assert far == pytest.approx(LEAST + (1 - LEAST) * math.exp(-0.5 * 3.5**2))
    # the other level of a category is a tenth as likely, whatever the numbers
    by_level = Hunch.of(ENCODER, Prior(near={"base": "K2CO3"}))
    assert by_level.log_weight(torch.tensor([[0.1, 1.0], [0.9, 0.0]], dtype=torch.double)).exp().tolist() == pytest.approx([1.0, 0.1], abs=2 * LEAST)


def test_a_hunch_weighs_its_worth_over_the_experiments_read() -> None:
    data = records([0, 2, 4, 6, 8], [0.0, 1.0, 2.0, 3.0, 4.0])
    beliefs = Beliefs.of(ENCODER, data, [Prior(near={"x": 9.0}, worth=10)])
    assert beliefs is not None
    world = fit_world_model(SPACE, data, seed=0, contestants=["wide"])
    after = beliefs.after(world, [Goal(readout="y")], design(8.5, 9.0, 9.5), seed=0)
    # the readings rise towards 9: they agree
    assert after.agreements == pytest.approx([1.0], abs=0.05)
    assert after.exponents == pytest.approx([10 / 5], abs=0.1)


def test_a_hunch_that_the_readings_speak_against_fades_faster() -> None:
    data = records([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    world = fit_world_model(SPACE, data, seed=0, contestants=["wide"])
    wrong, right = (Hunch.of(ENCODER, Prior(near={"x": at}, width=0.1)) for at in (8.5, 0.5))
    pool = design(*np.linspace(0, 10, 41).tolist())
    assert agreement(world, [Goal(readout="y")], wrong, pool, seed=0) < 0.05
    assert agreement(world, [Goal(readout="y")], right, pool, seed=0) > 0.5
    # where less is better it is the other way round
    assert agreement(world, [Goal(readout="y", direction="min")], wrong, pool, seed=0) > 0.5


def test_a_hunch_has_a_say_in_every_second_experiment() -> None:
    beliefs = Beliefs(hunches=(Hunch.of(ENCODER, Prior(near={"x": 6.0})),), exponents=(1.0,))
    weights = [float(beliefs.in_turn(turn).log_weight(design(0.0))) for turn in range(4)]
    assert weights[1] == weights[3] == 0.0 and weights[0] == weights[2] < -1.0


def test_weighed_is_botorchs_prior_guided_acquisition_where_nothing_is_pending() -> None:
    x = design(0, 2, 5, 9)
    gp = SingleTaskGP(x, torch.tensor([[0.0], [1.0], [0.5], [-1.0]], dtype=torch.double))
    base = LogExpectedImprovement(gp, best_f=1.0)
    hunch = Hunch.of(ENCODER, Prior(near={"x": 6.0}))
    beliefs = Beliefs(hunches=(hunch,), exponents=(1.7,))

    class LogPrior(torch.nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return hunch.log_weight(X)

    theirs = PriorGuidedAcquisitionFunction(base, LogPrior(), log=True, prior_exponent=1.7)
    at = design(1, 3, 6, 8).unsqueeze(1)
    assert torch.allclose(Weighed(base, beliefs)(at), theirs(at))
    assert weighed(base, None) is base


def test_a_hunch_outside_the_space_is_refused() -> None:
    with pytest.raises(SpaceError, match=r"x: expected a value from 0 to 10, found 12"):
        Hunch.of(ENCODER, Prior(near={"x": 12.0}))
    with pytest.raises(SpaceError, match=r"expected a factor's name, found 'bas'\. Did you mean 'base'\?"):
        Hunch.of(ENCODER, Prior(near={"bas": "KOAc"}))


def test_a_prior_on_a_conditional_factor_lies_at_its_own_value_though_nothing_is_said_of_what_it_needs() -> None:
    space = SearchSpace(factors=[Categorical(name="base", levels=("none", "KOAc")), Continuous(name="eq", low=1, high=3, only_if={"base": "KOAc"})])
    hunch = Hunch.of(Encoder(space), Prior(near={"eq": 2.0}))
    assert hunch.centre.tolist() == [0.5]  # half way from 1 to 3, not the place of the absent one
    near, absent = Encoder(space).design_of([{"base": "KOAc", "eq": 2.0}, {"base": "none", "eq": 1.0}])
    assert float(hunch.log_weight(near)) == pytest.approx(0.0, abs=1e-9) and float(hunch.log_weight(absent)) < -2
