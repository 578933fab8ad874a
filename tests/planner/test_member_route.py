"""Planning with models that are not Gaussian coefficients: hypotheses of the world as members, mechanisms without gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from planner.acquisitions.task import Task
from planner.greedy import choose_greedily
from planner.joint_draws import choose_by_draws
from planner.pool import build_pool
from planner.propose import propose
from planner.surrogate.member_route import MEMBERS, EveryMember, MemberModel
from planner.surrogate.routes import as_botorch_model
from world_model.calibration import Calibration
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Belief, Capabilities, Training
from world_model.fit import WorldModel, fit_world_model
from world_model.judge import Verdict
from world_model.terms.campaign_doc import Batch
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0.0, high=1.0), Continuous(name="y", low=0.0, high=1.0)))
GOALS = (Goal(readout="r"),)
TOP = torch.tensor([0.7, 0.3], dtype=torch.double)


def quadratic(design):
    """1 at (0.7, 0.3), falling as the squared distance."""
    return 1.0 - (design - TOP).square().sum(dim=-1)


@dataclass(frozen=True)
class Quadratics:
    """Hypotheses are `1 - |x - top|²` whose tops scatter about the true one: no coefficients, no gradients."""

    name: str = "quadratics"
    scatter: float = 0.03

    def why_not(self, training):
        return None

    def fit(self, training, *, seed, progress=None):
        return FittedQuadratics(training=training, scatter=self.scatter)


@dataclass(frozen=True)
class FittedQuadratics:
    training: Training
    scatter: float

    capabilities = Capabilities()

    def beliefs(self, design):
        mean = quadratic(design)[:, None, None]
        return Belief(mean=mean, epistemic=torch.full_like(mean, 0.01), aleatoric=torch.full_like(mean, 0.001))

    def draws(self, design, n, *, seed, of="state"):
        tops = TOP + self.scatter * torch.randn(n, 1, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
        return (1.0 - (design - tops).square().sum(dim=-1))[:, :, None, None]

    def held_out(self):
        return self.beliefs(self.training.design)


def data(n=12, *, seed=0):
    generator = np.random.default_rng(seed)
    x, y = generator.uniform(size=n), generator.uniform(size=n)
    r = quadratic(torch.tensor(np.stack([x, y], axis=1))).numpy() + 0.002 * generator.normal(size=n)
    return Dataset(
        ids=tuple(map(str, range(n))), settings={"x": x, "y": y}, roles=("candidate",) * n, blocks=("1",) * n, times_h=np.array([np.nan]),
        variables=("r",), values=r[:, None, None], flags=np.zeros((n, 1, 1), int),
    )  # fmt: skip


def world(**more):
    training = Training.of(SPACE, data(**more))
    verdict = Verdict(picked="quadratics", scores={}, lead={}, n_records=len(training), n_interventions=len(training), level=2, why="", failed={})
    return WorldModel(fitted=Quadratics().fit(training, seed=0), training=training, verdict=verdict, calibration=Calibration.none(1, 1))


def test_a_member_is_one_function_over_candidates_and_baseline():
    model = world()
    asked = torch.rand(5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    members = MemberModel(model, Task(goals=tuple(GOALS)), designs=asked, seed=3)
    batched = torch.stack([asked, asked.flip(0)])  # b = 2, q = 5
    values = members.forward(batched)
    assert values.shape == (2, MEMBERS, 5, 1)
    expected = model.fitted.draws(asked, MEMBERS, seed=3)[..., 0]
    torch.testing.assert_close(values[0], expected)
    torch.testing.assert_close(values[1], expected.flip(1))
    new = torch.cat([asked, torch.full((1, 2), 0.5, dtype=torch.double)])
    torch.testing.assert_close(members.forward(new)[:, :5], expected)


def test_the_sampler_takes_each_member_once_for_every_candidate():
    members = MemberModel(world(), Task(goals=tuple(GOALS)), designs=torch.zeros(1, 2, dtype=torch.double), seed=3)
    posterior = members.posterior(torch.rand(7, 1, 2, dtype=torch.double))
    samples = EveryMember(torch.Size([MEMBERS]), seed=0)(posterior)
    torch.testing.assert_close(samples, posterior.values.movedim(1, 0))


def test_the_member_route_proposes_near_the_optimum():
    model = world()
    pool = build_pool(model.encoder, taken=model.training.design, seed=1, size=256)
    chosen = choose_greedily(model, Task(goals=tuple(GOALS)), pool=pool, n=2, pending=torch.empty(0, 2, dtype=torch.double), seed=4, repair=lambda point: point)
    assert (chosen - TOP).abs().max() < 0.1
    assert torch.equal(chosen, choose_greedily(model, Task(goals=tuple(GOALS)), pool=pool, n=2, pending=torch.empty(0, 2, dtype=torch.double), seed=4, repair=lambda point: point))
    drawn = pool.design[choose_by_draws(model, Task(goals=tuple(GOALS)), pool=pool, n=18, seed=2)]
    assert (drawn.median(dim=0).values - TOP).abs().max() < 0.1


def test_a_minimised_goal_is_turned_in_the_members_too():
    model = world()
    surrogate = as_botorch_model(model, Task(goals=(Goal(readout="r", direction="min"),)), designs=TOP.unsqueeze(0), seed=0)
    samples = surrogate.sampler(0)(surrogate.model.posterior(TOP.reshape(1, 1, 2)))
    assert (surrogate.objective(0)(samples) <= 0).all() and (surrogate.objective(0)(samples) > -1.1).all()
    assert not surrogate.gradients and not surrogate.gaussian


def test_a_model_named_by_the_caller_plans_a_round():
    told = propose(
        space=SPACE, goals=GOALS, measurements=[Measurement(name="r")], data=data(14), pending=[], batch=Batch(), controls=[], round=2, n=2, seed=0,
        contestants=(Quadratics(), "mean"),
    )  # fmt: skip
    assert told.model["picked"] == "quadratics"
    assert "quadratics model" in told.strategy
    points = torch.tensor([[row.settings["x"], row.settings["y"]] for row in told.experiments], dtype=torch.double)
    assert (points - TOP).abs().max() < 0.1


@dataclass(frozen=True)
class Bowl:
    """A mechanism that knows the bowl but not how high it stands, and has no gradients."""

    name: str = "bowl"
    parameters = ()

    def simulate(self, rows, times_h, variables, *, scaled=None):
        x = torch.tensor([[row["x"], row["y"]] for row in rows], dtype=torch.double)
        return (quadratic(x) - 0.5).numpy()[:, None, None]


@pytest.mark.parametrize("form", ["mean", "input"])
def test_a_mechanism_is_planned_with_through_the_pool(form):
    name = f"mechanism {form}"
    model = fit_world_model(SPACE, data(10), seed=0, goals=GOALS, mechanism=Bowl(), contestants=[TrajectoryGP(name=name, mechanism=form)])
    assert not as_botorch_model(model, Task(goals=tuple(GOALS)), designs=model.training.design, seed=0).gradients
    pool = build_pool(model.encoder, taken=model.training.design, seed=1, size=128)
    chosen = choose_greedily(model, Task(goals=tuple(GOALS)), pool=pool, n=1, pending=torch.empty(0, 2, dtype=torch.double), seed=4, repair=lambda point: point)
    assert (chosen[0] - TOP).abs().max() < 0.1
    drawn = pool.design[choose_by_draws(model, Task(goals=tuple(GOALS)), pool=pool, n=6, seed=2)]
    assert (drawn.median(dim=0).values - TOP).abs().max() < 0.15


def test_a_residual_is_scored_with_its_mechanism_added():
    model = fit_world_model(SPACE, data(10), seed=0, goals=GOALS, mechanism=Bowl(), contestants=[TrajectoryGP(name="m", mechanism="mean")])
    surrogate = as_botorch_model(model, Task(goals=tuple(GOALS)), designs=model.training.design, seed=0)
    asked = torch.rand(4, 3, 2, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    coefficients = surrogate.model.posterior(asked).mean.unsqueeze(0)  # s = 1, b = 4, q = 3
    told = surrogate.objective(0)(coefficients, X=asked)[0]
    expected = model.posterior_at(asked.reshape(-1, 2)).readout(GOALS[0]).mean.reshape(4, 3)
    torch.testing.assert_close(told, expected)
