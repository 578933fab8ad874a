"""A certificate can't be had by a bad model, and a good one gets it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.certify.action import action_level
from world_model.certify.certify import Beyond, certify, highest
from world_model.certify.counterfactual import LabTruth, Layout
from world_model.certify.forecast import forecast_level
from world_model.certify.held_out import hold_out
from world_model.certify.recipe import Judged
from world_model.certify.split import Split, folds
from world_model.terms.certificate import LevelEvidence
from world_model.terms.errors import ResultsError

GOOD = Judged(contestants=("wide",))


def named(rung, part):
    """The one item of evidence whose name holds a word."""
    return next(item for item in rung.evidence if part in item.name)


@pytest.fixture(scope="module")
def held(training):
    return hold_out(GOOD, training, folds(training, seed=0), seed=0)


@pytest.fixture(scope="module")
def lab(cases):
    pool = torch.rand(300, 2, dtype=torch.double, generator=torch.Generator().manual_seed(5))
    return LabTruth(name="formula", answer=lambda design: torch.as_tensor(cases.truth(design.numpy())), pool=pool)


def test_a_good_model_reaches_level_2_on_records_alone(held):
    assert forecast_level(held).held
    assert action_level(held).held


def test_a_model_that_learned_shuffled_actions_is_refused_level_2(training, cases):
    held = hold_out(cases.Shuffling(GOOD), training, folds(training, seed=0), seed=0)
    rung = action_level(held)
    assert not rung.held
    assert named(rung, "no effect").met is False
    assert named(rung, "shuffled actions").value < 0.05  # it is no better than what it is: shuffled


def test_an_overconfident_model_is_refused_level_1_for_its_intervals_alone(training, cases):
    held = hold_out(cases.Overconfident(GOOD), training, folds(training, seed=0), seed=0)
    rung = forecast_level(held)
    assert not rung.held
    assert [item.name for item in rung.evidence if item.met is False] == ["coverage of 90 % intervals of single readings"]
    # a third of an honest width holds P(|z| < 1.645 / 3) = 42 % of readings
    assert named(rung, "coverage").value == pytest.approx(0.42, abs=0.15)


def test_a_memory_scores_well_on_rows_that_leaked_and_the_leak_is_what_refuses_it(cases):
    design = cases.spread(24)
    doubled = cases.records(np.concatenate([design, np.clip(design + 1e-4, 0, 1)]), wells=1)
    naive = [Split(train=torch.arange(24), test=torch.arange(24, 48)), Split(train=torch.arange(24, 48), test=torch.arange(24))]
    leaked = forecast_level(hold_out(cases.Memory(sd=1.5 * cases.NOISE), doubled, naive, seed=0))
    assert all(item.met is not False for item in leaked.evidence)  # without the search for leaks it would have passed
    assert not leaked.held and "Leak" in leaked.why
    # held out with its near copies, the memory has nothing to remember
    assert not forecast_level(hold_out(cases.Memory(sd=1.5 * cases.NOISE), doubled, folds(doubled, seed=0), seed=0)).held


def test_a_model_that_holds_the_answers_is_better_than_noise_allows(training, cases):
    cheat = cases.Memory(answers=training, sd=0.7 * cases.NOISE)
    rung = forecast_level(hold_out(cheat, training, folds(training, seed=0), seed=0))
    assert not rung.held
    scatter = named(rung, "scatter of replicates")
    assert scatter.met is False and scatter.value < 1e-9
    # and what it learns from does not matter to it: it is as good with shuffled actions
    assert not action_level(hold_out(cheat, training, folds(training, seed=0), seed=0)).held


def test_knowing_the_truth_is_not_mistaken_for_having_seen_the_readings(training, cases):
    known = replace(training, values=torch.as_tensor(cases.truth(training.design.numpy())))
    held = hold_out(cases.Memory(answers=known), training, folds(training, seed=0), seed=0)
    scatter = named(forecast_level(held), "scatter of replicates")
    # two wells: the mean lies sd/sqrt(2) from the truth, so the ratio is 1 on average
    assert scatter.met and scatter.value == pytest.approx(1.0, abs=0.5)


@pytest.mark.slow
def test_eleven_interventions_are_too_few_for_any_level(cases):
    few = cases.records(cases.spread(11))
    rung = forecast_level(hold_out(GOOD, few, folds(few, seed=0), seed=0))
    assert not rung.held and named(rung, "held-out interventions").met is False


def test_one_intervention_can_not_be_held_out(cases):
    with pytest.raises(ResultsError, match="at least 12 distinct interventions"):
        certify(cases.records(cases.spread(1), wells=4), data_sha256="", version="0", seed=0)


@pytest.mark.slow
def test_a_lab_that_branches_gives_a_good_model_all_levels_and_an_overconfident_one_none(training, lab, cases):
    def reached(recipe):
        return certify(training, recipe=recipe, goals=[cases.GOAL], data_sha256="d", version="0", seed=0, beyond=Beyond(truth=lab))

    good, bad = reached(GOOD), reached(cases.Overconfident(GOOD))
    assert good.level == 4, [rung.why for rung in good.levels]
    assert bad.level == 0
    assert named(bad.levels[2], "intervals of the difference").met is False
    assert good.data_sha256 == "d" and good.model_sha256 != bad.model_sha256
    assert sum(good.pit) == sum(entry.cases for entry in good.reliability) == 30 * 2 * 3


def test_levels_count_only_as_far_as_all_lower_ones_hold():
    def rung(level, held):
        return LevelEvidence(level=level, held=held, why="")

    assert highest([rung(1, True), rung(2, False), rung(3, True), rung(4, True)]) == 1
    assert highest([rung(4, True), rung(3, True), rung(2, True), rung(1, True)]) == 4
    assert highest([rung(1, False), rung(2, True)]) == 0


@pytest.mark.slow
def test_pairs_from_records_need_a_randomised_layout(cases):
    from world_model.certify.counterfactual import level_from_records

    training = cases.records(cases.spread(60), wells=2)
    held = hold_out(GOOD, training, folds(training, seed=0, n=3), seed=0)
    told = level_from_records(held, Layout(randomised=False, why="wells were filled in order."), goals=[cases.GOAL], seed=0)
    assert not told.held and "wells were filled in order" in told.why
    dealt = level_from_records(held, Layout(randomised=True, why=""), goals=[cases.GOAL], seed=0)
    assert dealt.held, dealt.why


@pytest.mark.slow
def test_actions_that_differ_between_plates_only_are_refused_as_confounded(cases):
    from world_model.certify.counterfactual import level_from_records

    design = cases.spread(30)
    design = design[design[:, 0].argsort()]
    training = cases.records(design, wells=1)
    training = replace(training, blocks=tuple(f"plate {i // 2}" for i in range(30)))  # neighbours in carbon share a plate
    held = hold_out(GOOD, training, folds(training, seed=0), seed=0)
    told = level_from_records(held, Layout(randomised=True, why=""), goals=[cases.GOAL], seed=0)
    assert not told.held and "confounded" in told.why and "carbon" in told.why


def test_a_dead_assay_adds_nothing_to_coverage(held):
    """Three observables that always read the same are foreseen by every interval; the coverage is that of what varies."""

    def widened(told):
        still = torch.ones(*told.mean.shape[:2], 3, dtype=torch.double)
        return replace(told, mean=torch.cat([told.mean, still], dim=-1), sd=torch.cat([told.sd, 0.1 * still], dim=-1))

    training = held.training
    still = torch.ones(*training.values.shape[:2], 3, dtype=torch.double)
    more = replace(
        training, values=torch.cat([training.values, still], dim=-1), flags=torch.cat([training.flags, torch.zeros_like(still, dtype=training.flags.dtype)], dim=-1),
        variables=("od", "a", "b", "c"), functionals=None,
    )  # fmt: skip
    parts = {name: widened(getattr(held, name)) for name in ("state", "reading", "shuffled", "mean", "no_effect", "persistence")}
    found, plain = (named(forecast_level(one), "coverage") for one in (replace(held, training=more, **parts), held))
    assert found.value == plain.value and found.cases == plain.cases


def test_what_is_needed_names_only_the_bounds_that_are_missed():
    from world_model.certify.figures import count_evidence
    from world_model.certify.forecast import _needed

    few, enough = (count_evidence("held-out interventions", n, least=12, of="held-out interventions") for n in (3, 12))
    assert _needed([few]).startswith("At least 12") and "Intervals" not in _needed([few])
    assert "Intervals" in _needed([enough])  # nothing is missed: all that is asked is told
