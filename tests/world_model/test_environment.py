"""A world model as an environment: Gymnasium's own checker, rewards that add up, a past that stays, one hypothesis an episode."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="the extra `gym` is not installed")

from gymnasium.utils.env_checker import check_env

from world_model.environment import ExperimentEnvironment, Task, environment
from world_model.fit import fit_world_model
from world_model.one_world import LabWorlds, ModelWorlds
from world_model.terms.constraints import Linear
from world_model.terms.errors import DesignError
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(
    factors=(
        Continuous(name="sugar", unit="mM", low=1, high=10),
        Categorical(name="strain", levels=("slow", "fast")),
        Discrete(name="feed", unit="mM", values=(0, 1, 2), acts="dose", at=4.0),
    ),
    constraints=(Linear(terms={"sugar": 1.0, "feed": 1.0}, at_most=11.5),),
)
HOURS = np.linspace(0.0, 8.0, 9)
GOALS = (Goal(readout="od"), Goal(readout="od", take="area"), Goal(readout="gfp", take="peak"), Goal(readout="gfp", direction="min", at_h=6.5))


def growth(sugar, strain, feed):
    rate = np.where(np.asarray(strain) == "fast", 0.6, 0.2)
    curve = 0.2 * sugar[:, None] * (1 - np.exp(-rate[:, None] * HOURS)) + 0.5 * feed[:, None] * np.maximum(HOURS - 4, 0) / 4
    return np.stack([curve, 1 + 0.5 * curve], axis=-1)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(4)
    n = 50
    settings = {"sugar": rng.uniform(1, 9.5, n), "strain": rng.choice(["slow", "fast"], n).astype(object), "feed": rng.choice([0.0, 1.0, 2.0], n)}
    values = growth(**settings) + 0.02 * rng.normal(size=(n, 9, 2))
    data = Dataset(
        ids=tuple(map(str, range(n))), settings=settings, roles=("candidate",) * n, blocks=("1",) * n,
        times_h=HOURS, variables=("od", "gfp"), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return fit_world_model(SPACE, data, seed=0, contestants=("wide",))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("actions", ["settings", "unit"])
def test_gymnasiums_own_checker_passes(world, actions):
    check_env(environment(world, GOALS[0], actions=actions, missing=0.3), skip_render_check=True)


def acted(sugar, strain, feed):
    return {"sugar": np.array([sugar]), "strain": strain, "feed": np.array([feed])}


@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_rewards_add_up_to_the_readout_of_the_whole_experiment(world, goal):
    env = environment(world, goal)
    env.reset(seed=3)
    total, ended = 0.0, False
    while not ended:
        _, reward, ended, cut, _ = env.step(acted(5.0, 1, 2.0))
        total += reward
        assert not cut
    curve = env._curve[:, 0 if goal.readout == "od" else 1]
    want = {"area": np.trapezoid(curve, HOURS) if hasattr(np, "trapezoid") else np.trapz(curve, HOURS), "peak": curve.max(), "end": np.interp(goal.at_h or 8.0, HOURS, curve)}
    assert total == pytest.approx(goal.sign * want[goal.take], rel=1e-9)


def test_what_is_decided_when(world):
    env = environment(world, GOALS[0])
    seen, info = env.reset(seed=0)
    assert [(d.at_h, d.factors) for d in env.decisions] == [(0.0, ("sugar", "strain")), (4.0, ("feed",))]
    assert info["decides"] == ("sugar", "strain") and seen["read"].sum() == 0
    seen, _, ended, _, info = env.step(acted(5.0, 0, 2.0))
    assert not ended and seen["hours"] == 4.0 and info["decides"] == ("feed",) and info["settings"]["feed"] == 0  # not decided yet
    before = env._curve.copy()
    _, _, ended, _, info = env.step(acted(1.0, 1, 2.0))
    assert ended and info["settings"] == {"sugar": 5.0, "strain": "slow", "feed": 2.0}
    assert np.array_equal(env._curve[:5], before[:5]) and not np.allclose(env._curve[5:], before[5:])


def test_a_reset_draws_another_world_and_a_seed_the_same(world):
    env, ends = environment(world, GOALS[0]), []
    for seed in (1, 1, 2):
        env.reset(seed=seed)
        ends.append((env.step(acted(5.0, 1, 1.0))[1], env.step(acted(5.0, 1, 1.0))[1]))
    assert ends[0] == ends[1] != ends[2]
    earned = []
    for i in (7, 7, 8):
        env.reset(options={"hypothesis": i})
        earned.append(env.step(acted(5.0, 1, 1.0))[1] + env.step(acted(5.0, 1, 1.0))[1])
    assert earned[0] == earned[1] != earned[2]


def test_worlds_asked_step_by_step_are_those_of_the_joint_belief(world):
    """400 worlds, three designs one after the other: covariances of the readouts against draws of all three at once."""
    rows = [{"sugar": s, "strain": "fast", "feed": 1.0} for s in (2.0, 2.4, 9.4)]
    all_worlds = ModelWorlds(world)
    worlds = (all_worlds.draw(i) for i in range(400))
    told = np.array([[one.state(row)[-1, 0] for row in rows] for one in worlds])
    drawn = world.posterior(rows).draws(20_000, 1)[:, :, -1, 0].numpy()
    want = np.cov(drawn.T)
    assert np.allclose(told.mean(0), drawn.mean(0), atol=5 * np.sqrt(want.diagonal().max() / 400))
    assert np.allclose(np.cov(told.T), want, atol=5 * want.diagonal().max() * np.sqrt(2 / 400))
    one = ModelWorlds(world).draw(3)
    assert np.array_equal(one.state(rows[0]), one.state(rows[0]))


def test_readings_are_noisy_and_may_be_missing(world):
    env = environment(world, GOALS[0], missing=0.5)
    found, gone = [], []
    for i in range(200):
        env.reset(seed=i, options={"hypothesis": 0})
        seen = env.step(acted(5.0, 1, 1.0))[0]
        gone.append(seen["read"] == 0)
        found.append(np.where(seen["read"] == 1, seen["readings"] - env._curve[4], np.nan))
    sd = ModelWorlds(world).draw(0).noise_sd({"sugar": 5.0, "strain": "fast", "feed": 0.0})[4]
    assert 0.4 < np.mean(gone) < 0.6
    assert np.allclose(np.nanstd(found, axis=0) / sd, 1, atol=0.25) and (np.nanmean(found, axis=0) / sd < 0.4).all()


def test_a_design_that_the_space_refuses_ends_with_the_worst(world):
    env = environment(world, GOALS[0])
    env.reset(seed=0)
    _, first, *_ = env.step(acted(9.6, 1, 0.0))
    seen, reward, ended, _, info = env.step(acted(9.6, 1, 2.0))
    assert ended and "breaks" in info["refused"][0] and first + reward == pytest.approx(env.task.worst)
    with pytest.raises(DesignError, match="reset"):
        env.step(acted(5.0, 1, 0.0))
    assert env.observation_space.contains(seen)


@pytest.mark.parametrize("beyond", ["end", "penalise"])
def test_far_from_the_data_nothing_is_to_be_won(world, beyond):
    """The same action in a task whose range holds only poor media: ended with the worst, or charged for the distance."""
    task = Task.of(world, GOALS[0])
    near = world.training.take(world.training.design[:, 0] < 0.3)
    narrow = Task(**{**vars(task), "range": type(task.range).of(near)})
    earned = {}
    for name, one in (("wide", task), ("narrow", narrow)):
        env = ExperimentEnvironment(ModelWorlds(world), one, beyond=beyond)
        env.reset(options={"hypothesis": 1})
        total, ended, info = 0.0, False, {}
        while not ended:
            _, reward, ended, _, info = env.step(acted(9.0, 1, 1.0))
            total += reward
        earned[name] = total
        assert (info["out_of_range"] > 1) == (name == "narrow")
    charge = task.span * (info["out_of_range"] - 1)
    assert charge > 0.5 * task.span > 0  # also where the worst earns nothing at all
    assert earned["narrow"] == pytest.approx(task.worst if beyond == "end" else earned["wide"] - charge)


def test_end_points_are_one_step(world):
    rng = np.random.default_rng(1)
    space = SearchSpace(factors=(Continuous(name="x", low=0, high=1),))
    x = rng.uniform(0, 1, 20)
    data = Dataset(
        ids=tuple(map(str, range(20))), settings={"x": x}, roles=("candidate",) * 20, blocks=("1",) * 20, times_h=np.array([np.nan]), variables=("yield",),
        values=(x * (1 - x))[:, None, None], flags=np.zeros((20, 1, 1), int),
    )  # fmt: skip
    env = environment(fit_world_model(space, data, seed=0, contestants=("wide",)), Goal(readout="yield"), actions="unit")
    env.reset(seed=0)
    seen, reward, ended, _, _ = env.step(np.array([0.5]))
    assert ended and seen["hours"] == 1.0 and seen["read"] == 1 and reward == pytest.approx(0.25, abs=0.05)


class Bench:
    """A lab that is the formula above."""

    name = "formula"

    def truth(self, settings, measurements):
        told = {name: np.array([row[name] for row in settings]) for name in SPACE.names}
        return growth(**told)


def test_a_policy_is_scored_outside_in_a_lab(world):
    env = ExperimentEnvironment(LabWorlds(Bench(), (), np.zeros((9, 2))), Task.of(world, GOALS[0]))
    env.reset(seed=0)
    total = sum(env.step(acted(5.0, 1, 2.0))[1] for _ in range(2))
    assert total == pytest.approx(growth(np.array([5.0]), ["fast"], np.array([2.0]))[0, -1, 0])
