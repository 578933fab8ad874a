"""Level 4 hangs on promises made before: their ranking, what they cost, whether they were kept, and what chance would have found."""

from __future__ import annotations

import numpy as np
import pytest

from world_model.certify.comparison import coverage, lead
from world_model.certify.planning import Lift, PlanOutcome, level_from_rounds
from world_model.certify.ranking import regret_at_1, regret_by_chance, regret_of_noise, tau
from world_model.terms.goals import Goal

GOAL = Goal(readout="od")


def rounds(*, promise_more: float = 0.0, blind: bool = False, seed: int = 0):
    """A start that fills space and three rounds of eight plans; given a promise, the truth lies around it with sd 0.3, as an honest belief's does."""
    source = np.random.default_rng(seed)
    plans = [PlanOutcome(block="1", mean=None, sd=None, reached=float(r), planned=False) for r in source.normal(0, 1, 8)]
    for number in ("2", "3", "4"):
        promised = source.normal(2, 1, 8)
        true = source.normal(2, 1, 8) if blind else promised + source.normal(0, 0.3, 8)
        reached = true + source.normal(0, 0.1, 8)
        plans += [PlanOutcome(block=number, mean=float(p) + promise_more, sd=0.33, reached=float(r), wells=1) for p, r in zip(promised, reached, strict=True)]
    return plans


def named(rung, part):
    return next(item for item in rung.evidence if part in item.name)


def test_kept_promises_hold_level_4():
    rung = level_from_rounds(rounds(), GOAL, noise=0.1, lift=None, seed=0)
    assert rung.held, rung.why


def test_the_direction_of_the_goal_turns_everything():
    turned = [
        PlanOutcome(block=p.block, mean=None if p.mean is None else -p.mean, sd=p.sd, reached=-p.reached, planned=p.planned) for p in rounds()
    ]
    assert level_from_rounds(turned, Goal(readout="od", direction="min"), noise=0.1, lift=None, seed=0).held
    assert not level_from_rounds(turned, GOAL, noise=0.1, lift=None, seed=0).held


def test_a_promise_of_two_sd_too_much_is_exploited():
    rung = level_from_rounds(rounds(promise_more=0.9), GOAL, noise=0.1, lift=None, seed=0)
    assert not rung.held and named(rung, "exploitability").met is False
    assert named(rung, "Kendall").met  # the ranking alone would not have shown it


def test_promises_whose_intervals_are_a_third_as_wide_as_they_should_be_were_not_kept():
    narrow = [PlanOutcome(block=p.block, mean=p.mean, sd=None if p.sd is None else p.sd / 3, reached=p.reached, planned=p.planned) for p in rounds()]
    rung = level_from_rounds(narrow, GOAL, noise=0.05, lift=None, seed=0)
    assert not rung.held and named(rung, "promised beforehand").met is False


def test_promises_that_know_nothing_are_refused():
    # chance alone passes one bound now and then, but hardly all of them
    held = [level_from_rounds(rounds(blind=True, seed=seed), GOAL, noise=0.1, lift=None, seed=0).held for seed in range(8)]
    honest = [level_from_rounds(rounds(seed=seed), GOAL, noise=0.1, lift=None, seed=0).held for seed in range(8)]
    assert sum(held) <= 1 and sum(honest) >= 6


def test_results_without_stored_promises_count_for_nothing():
    told = [PlanOutcome(block=p.block, mean=None, sd=None, reached=p.reached) for p in rounds()]
    rung = level_from_rounds(told, GOAL, noise=0.1, lift=None, seed=0)
    assert not rung.held and named(rung, "stored beforehand").value == 0


def test_no_better_than_random_campaigns_is_no_level_4():
    lift = Lift(value=0.1, low=-0.2, high=0.4, cases=5, of="random campaigns")
    rung = level_from_rounds(rounds(), GOAL, noise=0.1, lift=lift, seed=0)
    assert not rung.held and named(rung, "lift").met is False


def test_without_plans_made_otherwise_there_is_no_lift():
    rung = level_from_rounds([plan for plan in rounds() if plan.planned], GOAL, noise=0.1, lift=None, seed=0)
    assert not rung.held and named(rung, "lift").value is None


def test_regret_at_1_by_hand():
    promised, reached = np.array([1.0, 3.0, 2.0]), np.array([5.0, 4.0, 9.0])
    assert regret_at_1(promised, reached) == 9 - 4
    assert regret_by_chance(reached) == 9 - 6


def test_the_expected_maximum_of_two_normal_draws():
    # exactly 1/sqrt(pi) = 0.5642; Blom's approximation is good to a few per cent
    assert regret_of_noise(2, 3.0) == pytest.approx(3 * 0.5642, rel=0.05)


def test_tau_of_one_swap_in_four():
    # 6 pairs, one discordant: (5 - 1) / 6
    found = tau(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3]), seed=0)
    assert found.value == pytest.approx(4 / 6)
    assert found.low <= found.value <= found.high


def test_a_lead_is_paired_by_what_is_held_out_together():
    import torch

    ours, rival = torch.tensor([[1.0], [1.0], [2.0]]), torch.tensor([[2.0], [4.0], [3.0]])
    found = lead(ours.unsqueeze(-1), rival.unsqueeze(-1), torch.tensor([0, 0, 1]))
    # clusters lead by (1 + 3) / 2 = 2 and by 1: mean 1.5, sd 0.7071, standard error 0.5
    assert (found.mean, found.error, found.cases) == (1.5, pytest.approx(0.5), 2)
    assert found.holds


def test_readings_that_err_together_count_as_one():
    import torch

    inside = torch.ones(20, 50)
    inside[:4] = 0.0  # four whole curves lie outside: 1,000 readings are worth about 20
    member = torch.arange(20)
    found = coverage(inside, member)
    assert found.share == pytest.approx(0.8) and found.effective == pytest.approx(20, rel=0.1)
    alone = coverage(inside.flatten()[torch.randperm(1000, generator=torch.Generator().manual_seed(0))].reshape(1000, 1), torch.arange(1000))
    assert alone.effective > 900 and not alone.holds and found.holds
