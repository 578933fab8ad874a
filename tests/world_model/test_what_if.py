"""Plans for the rest of an experiment: compared under the same hypotheses, and never before they act."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.departure import departs_h, plan_from
from world_model.filter import filter
from world_model.fit import fit_world_model
from world_model.simulate_from import branches, simulate_from
from world_model.state import History
from world_model.terms.errors import DesignError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace
from world_model.what_if import AS_PLANNED, EXPLORATION, what_if

SPACE = SearchSpace(
    factors=(
        Continuous(name="rate", low=0.1, high=1),
        Continuous(name="feed", unit="mM", low=0, high=2, acts="dose", at="when"),
        Continuous(name="when", unit="h", low=2, high=8, acts="time"),
    )
)
HOURS = np.linspace(0.0, 10.0, 11)


def growth(rate, feed, when, vigour):
    """Saturation, and what the feed adds from its hour on."""
    late = np.maximum(HOURS - when[:, None], 0)
    curve = vigour[:, None] * (1 - np.exp(-rate[:, None] * HOURS) + feed[:, None] * (1 - np.exp(-0.8 * late)))
    return np.stack([curve, 0.1 + 0.5 * curve], axis=-1)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(4)
    n = 70
    settings = {"rate": rng.uniform(0.1, 1, n), "feed": rng.uniform(0, 2, n), "when": rng.uniform(2, 8, n)}
    values = growth(**settings, vigour=1 + 0.1 * rng.normal(size=n)) + 0.03 * rng.normal(size=(n, 11, 2))
    data = Dataset(
        ids=tuple(map(str, range(n))), settings=settings, roles=("candidate",) * n, blocks=("1",) * n,
        times_h=HOURS, variables=("od", "gfp"), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return fit_world_model(SPACE, data, seed=0, contestants=("wide",))


DONE = {"rate": 0.5, "feed": 0.2, "when": 6.0}


@pytest.fixture
def history():
    curve = growth(np.array([0.5]), np.array([0.2]), np.array([6.0]), np.array([1.1]))[0, :5]
    curve[1::2, 0] = np.nan
    return History(settings=DONE, now_h=4.0, times_h=HOURS[:5], values=curve, variables=("od", "gfp"))


def test_equal_plans_differ_by_exactly_nothing(world, history):
    told = what_if(world, history, {"same": {}, "again": dict(DONE), "more": {"feed": 2.0}}, n=50, seed=1, claim="exploration", goal=Goal(readout="od"))
    assert (told.difference("same", AS_PLANNED) == 0).all() and (told.difference("again", "same") == 0).all()
    assert (told.difference("more", "same") != 0).any()
    assert told.differences.mean[1] == told.differences.low[1] == told.differences.high[1] == 0
    assert told.best.sum() == pytest.approx(1) and told.best[0] == told.best[1] == told.best[2]


@pytest.mark.parametrize(("plan", "departs"), [({"feed": 2.0}, 6.0), ({"when": 8.0}, 6.0), ({"when": 5.0, "feed": 1.0}, 5.0)])
@pytest.mark.parametrize("of", ["state", "reading"])
def test_an_act_has_no_effect_before_its_time(world, history, plan, departs, of):
    told = what_if(world, history, {"other": plan}, n=40, seed=1, claim="exploration", of=of)
    effect = told.difference("other", AS_PLANNED)
    assert departs_h(SPACE, DONE, {**DONE, **plan}) == departs
    assert (effect[:, departs >= HOURS] == 0).all() and (effect[:, departs < HOURS] != 0).any()


def test_common_random_numbers_make_differences_sharper(world, history):
    """Var(A − B) = Var A + Var B − 2 Cov(A, B), and the covariance is most of it; independent draws have none."""
    told = what_if(world, history, {"a": {"feed": 0.5}, "b": {"feed": 0.8}}, n=2000, seed=1, claim="exploration")
    other = what_if(world, history, {"a": {"feed": 0.5}, "b": {"feed": 0.8}}, n=2000, seed=2, claim="exploration")
    common = told.difference("b", "a")[:, -1].var(dim=0)
    independent = (told.values[:, 3 - 1, -1] - other.values[:, 1, -1]).var(dim=0)
    assert (common < 0.5 * independent).all()


def test_the_effect_and_its_sign_are_those_of_the_truth(world):
    """Twenty branched cultures: the same well with a feed of 1.8 at 6 h instead of 0.2, judged at 10 h."""
    rng = np.random.default_rng(9)
    found, real = [], []
    for _ in range(20):
        rate, vigour = rng.uniform(0.2, 0.9, 1), 1 + 0.1 * rng.normal(size=1)
        low, high = (growth(rate, np.array([feed]), np.array([6.0]), vigour)[0] for feed in (0.2, 1.8))
        seen = History(settings={**DONE, "rate": float(rate[0])}, now_h=5.0, times_h=HOURS[:6], values=low[:6] + 0.03 * rng.normal(size=(6, 2)), variables=("od", "gfp"))
        told = what_if(world, seen, {"feed": {"feed": 1.8}}, n=200, seed=0, claim="exploration", goal=Goal(readout="od"))
        found.append(float(told.differences.mean[1]))
        real.append(high[-1, 0] - low[-1, 0])
        assert told.ranking[0] == "feed" and told.best[1] > 0.95
    assert np.sqrt(np.mean((np.array(found) - real) ** 2)) < 0.2 * np.mean(real)


def test_rollouts_are_distributed_as_the_state_where_they_start(world, history):
    """4,000 rollouts at now against the filter's closed form: means within 5 standard errors, covariance within 10 %."""
    state = filter(world, history)
    told = simulate_from(world, state, {"feed": 1.0}, 4000, 3)
    assert told.times_h.tolist() == [4, 5, 6, 7, 8, 9, 10] and told.values.shape == (4000, 7, 2)
    assert ((told.values[:, 0].mean(dim=0) - state.mean).abs() < 5 * state.sd / 4000**0.5).all()
    assert torch.allclose(torch.cov(told.values[:, 0].T).diagonal(), state.covariance.diagonal(), rtol=0.1)


def test_a_seed_gives_the_same_answer(world, history):
    one, two = (branches(world, history, {"a": {"feed": 1.0}}, n=10, seed=5).values for _ in range(2))
    assert torch.equal(one, two)


def test_a_belief_that_moves_before_the_act_is_told(world, history):
    told = what_if(world, history, {"more": {"feed": 2.0}, "same": {}}, n=20, seed=0, claim="exploration")
    assert told.leak[0] == 0 and told.leak[2] == 0 and told.leak[1] > 0


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"rate": 0.9}, "rate: it acts at the start"), ({"when": 3.0}, "when: it acts at 3 h, which has passed"), ({"feed": 9.0}, "expected 0 to 2 mM, found 9"),
        ({"fed": 1.0}, "unknown factor.*feed"),
    ],
)  # fmt: skip
def test_a_plan_that_changes_the_past_or_leaves_the_space_is_refused(world, history, plan, says):
    with pytest.raises(DesignError, match=says):
        what_if(world, history, {"wrong": plan}, n=5, seed=0, claim="exploration")


def test_before_the_start_everything_may_change(world):
    told = what_if(world, History.not_begun(DONE, ("od", "gfp")), {"fast": {"rate": 0.9}}, n=20, seed=0, claim="exploration")
    assert (told.difference("fast", AS_PLANNED) != 0).any() and told.leak[1] == 0
    with pytest.raises(DesignError, match="at the start"):
        plan_from(SPACE, DONE, {"rate": 0.9}, now_h=0.0)


def test_the_claim_says_that_nothing_was_certified(world, history):
    assert what_if(world, history, {"a": {"feed": 1.0}}, n=5, seed=0, claim="exploration").claim == EXPLORATION
    with pytest.raises(DesignError, match="claim"):
        what_if(world, history, {"a": {"feed": 1.0}}, n=5, seed=0, claim=" ")
    with pytest.raises(DesignError, match="at least one plan"):
        what_if(world, history, {AS_PLANNED: {"feed": 1.0}}, n=5, seed=0, claim="exploration")
