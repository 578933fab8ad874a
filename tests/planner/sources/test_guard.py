"""Old data join by what differs, leave when they hurt, and come back when they help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from planner.sources.believe import believe, verdict_on
from planner.sources.earlier import Earlier, covariates, fixed_numbers
from planner.sources.guard import FEWEST_JUDGED, MATTERS, Standing, Use, judge_sources, judged_use
from planner.sources.join import joined, own_rows
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

GOALS = (Goal(readout="titre"),)
SPACE = SearchSpace(factors=[Continuous(name="x", low=0, high=1), Discrete(name="temperature", values=(37.0,))])


def titre(x: np.ndarray, temperature: np.ndarray | float = 37.0) -> np.ndarray:
    return 10.0 + 5.0 * np.sin(4.0 * x) + 0.1 * (temperature - 37.0)


def records(x: np.ndarray, temperature: np.ndarray | float, y: np.ndarray, name: str = "E") -> Dataset:
    n = len(x)
    return Dataset(
        ids=tuple(f"{name}{i}" for i in range(n)), settings={"x": x, "temperature": np.broadcast_to(np.asarray(temperature, dtype=float), n).copy()},
        roles=("candidate",) * n, blocks=(name,) * n, times_h=np.array([np.nan]), variables=("titre",), values=y[:, None, None],
        flags=np.zeros((n, 1, 1), dtype=int),
    )  # fmt: skip


def source(*, of: str = "truth", n: int = 24, temperature: float = 30.0) -> Earlier:
    rng = np.random.default_rng(3)
    x = rng.uniform(size=n)
    y = titre(x, temperature)
    y = {"truth": y, "mirrored": y.max() + y.min() - y, "permuted": rng.permutation(y)}[of]
    return Earlier(name="old", data=records(x, temperature, y, "S"))


def own(n: int) -> Dataset:
    x = np.linspace(0.05, 0.95, n)
    return records(x, 37.0, titre(x))


def test_a_number_that_only_the_campaign_keeps_fixed_is_an_input_that_spans_one() -> None:
    two = Earlier(name="old", data=records(np.array([0.2, 0.4]), np.array([30.0, 44.0]), np.array([1.0, 2.0])))
    training = joined(SPACE, own(3), [two], {"old": "covariate"}, goals=GOALS, mechanism=None)
    assert fixed_numbers(SPACE) == {"temperature": 37.0}
    # 7 below and 7 above, over a span of 14
    assert training.design[:, 1].tolist() == pytest.approx([0.0, 0.0, 0.0, -0.5, 0.5])
    assert own_rows(own(3)) == 3


def test_a_number_at_one_value_only_is_not_extrapolated_from() -> None:
    training = joined(SPACE, own(0), [source(n=4)], {"old": "covariate"}, goals=GOALS, mechanism=None)
    assert training.design[:, 1].tolist() == [0.0] * 4


def test_rows_of_one_setting_at_two_temperatures_are_two_interventions() -> None:
    two = Earlier(name="old", data=records(np.array([0.2, 0.2]), np.array([30.0, 44.0]), np.array([1.0, 2.0])))
    training = joined(SPACE, own(3), [two], {"old": "covariate"}, goals=GOALS, mechanism=None)
    assert training.n_interventions == 5


def test_without_a_difference_rows_join_as_they_are() -> None:
    same = Earlier(name="old", data=records(np.array([0.2, 0.4]), 37.0, np.array([1.0, 2.0])))
    assert covariates(SPACE, same.data) == {}
    assert same.routes(SPACE) == ("same", "task")


def test_what_is_known_of_noise_is_kept_beside_a_source() -> None:
    told = replace(own(3), sd=np.full((3, 1, 1), 0.2), noise="unknown")
    training = joined(SPACE, told, [source(n=4)], {"old": "covariate"}, goals=GOALS, mechanism=None)
    assert training.noise == "unknown" and training.sd is not None
    np.testing.assert_array_equal(training.sd.flatten().numpy(), [0.2] * 3 + [np.nan] * 4)


def test_before_there_are_own_experiments_a_shared_number_counts_at_face_value_and_permuted_labels_do_not() -> None:
    (good,) = judge_sources(SPACE, own(0), [source()], goals=GOALS, seed=0)
    (bad,) = judge_sources(SPACE, own(0), [source(of="permuted")], goals=GOALS, seed=0)
    assert (good.route, good.judged, good.weak) == ("covariate", False, False)
    assert bad.route == "off" and "do not even predict each other" in bad.why


def test_a_source_that_differs_by_name_alone_starts_weakly() -> None:
    unlike = Earlier(name="old", data=source().data, unlike=("cell_line",))
    (use,) = judge_sources(SPACE, own(2), [unlike], goals=GOALS, seed=0)
    assert (use.route, use.weak) == ("task", True) and "half of each batch explores" in use.why


def test_a_mirrored_source_is_believed_as_it_is_no_longer_once_it_can_be_judged_and_a_true_one_stays() -> None:
    (good,) = judge_sources(SPACE, own(FEWEST_JUDGED), [source(temperature=37.0)], goals=GOALS, seed=0)
    (bad,) = judge_sources(SPACE, own(FEWEST_JUDGED), [source(of="mirrored", temperature=37.0)], goals=GOALS, seed=0)
    assert good.route != "off" and good.scores[good.route] < good.scores["off"]
    assert bad.judged and bad.scores["same"] > bad.scores["off"] + MATTERS and bad.route != "same"


def test_a_source_stays_until_every_route_hurts() -> None:
    scores = {"covariate": 0.30, "task": 0.20, "off": 0.20 - 0.5 * MATTERS}
    assert verdict(scores).route == "task"
    scores["task"] = 0.20 + 0.6 * MATTERS
    off = verdict(scores)
    assert off.route == "off" and "switched off, it makes predictions worse" in off.why and "tried again" in off.why


def test_a_source_that_does_not_predict_itself_has_to_prove_that_it_helps() -> None:
    assert verdict({"covariate": 0.20, "task": 0.30, "off": 0.20}, itself=False).route == "off"
    assert verdict({"covariate": 0.20, "task": 0.30, "off": 0.20 + 2 * MATTERS}, itself=False).route == "covariate"


def verdict(scores: dict[str, float], *, itself: bool = True) -> Use:
    # the same score for each of eight interventions, but for a little that tells them apart
    wiggle = torch.linspace(-1e-3, 1e-3, 8, dtype=torch.double)
    return judged_use(SPACE, source(), {route: score + wiggle * k for k, (route, score) in enumerate(scores.items())}, itself=itself, n_own=8)  # type: ignore[misc]


def test_experiments_that_a_good_source_led_to_the_top_do_not_switch_it_off() -> None:
    # all near the best, where they differ by little: alone they predict each other well and nothing else
    x = np.linspace(0.25, 0.55, FEWEST_JUDGED)
    (use,) = judge_sources(SPACE, records(x, 37.0, titre(x)), [source()], goals=GOALS, seed=0)
    assert use.route != "off"


def test_a_source_that_was_off_comes_back_when_it_helps() -> None:
    standing = {"old": Standing(route="off", n=24, itself=True)}
    (use,) = judge_sources(SPACE, own(FEWEST_JUDGED), [source()], goals=GOALS, seed=0, standing=standing)
    assert use.route != "off"


def test_the_model_plans_with_own_rows_as_its_training_and_predicts_what_the_source_knows() -> None:
    few = own(3)
    told = believe(SPACE, few, sources=[source(n=16)], seed=0, goals=GOALS, fewest=5)
    assert told.world is not None and len(told.world.training) == 3
    x = torch.tensor([[0.4, 0.0], [0.9, 0.0]], dtype=torch.double)
    mean = told.world.posterior_at(x).readout(GOALS[0]).mean.numpy()
    assert mean == pytest.approx(titre(np.array([0.4, 0.9])), abs=0.5)
    # three own experiments earn no level, whatever the source's rows do
    assert told.model["level"] == 1 and told.model["sources"][0]["route"] == "covariate"  # type: ignore[index]


def test_a_verdict_counts_only_while_the_same_sources_are_on() -> None:
    told = believe(SPACE, own(3), sources=[source(n=16)], seed=0, goals=GOALS, fewest=5).model
    assert verdict_on(told, {"old": "covariate"}) is not None
    assert verdict_on(told, {"old": "off"}) is None and verdict_on(told, {}) is None


def test_without_sources_that_are_on_the_belief_is_the_campaigns_own() -> None:
    alone = believe(SPACE, own(6), seed=0, goals=GOALS, fewest=5)
    beside = believe(SPACE, own(6), sources=[source(of="permuted")], seed=0, goals=GOALS, fewest=5)
    assert alone.world is not None and beside.world is not None
    x = torch.tensor([[0.3, 0.0]], dtype=torch.double)
    assert torch.equal(alone.world.posterior_at(x).mean_sd().mean, beside.world.posterior_at(x).mean_sd().mean)
    assert "sources" not in alone.model


def test_a_level_that_the_campaign_does_not_have_is_no_number() -> None:
    space = SearchSpace(factors=[Continuous(name="x", low=0, high=1), Categorical(name="cell", levels=("CHO",))])
    assert fixed_numbers(space) == {}
