"""What batches are judged by: fronts, desirabilities, targets, and what outcomes must keep to. Two bowls of which the front is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from planner.acquisitions.feasibility import chances, kept_in_mean, limits, safest, violation
from planner.acquisitions.fitness import competing
from planner.acquisitions.improvement import IMPROVEMENT
from planner.acquisitions.joined import desirable
from planner.acquisitions.member import Needs
from planner.acquisitions.registry import MEMBERS, member_for
from planner.acquisitions.task import Task
from planner.endpoint import endpoint_view
from planner.joint_draws import choose_by_draws, utilities
from planner.pool import Pool
from planner.propose import propose
from planner.surrogate.routes import as_botorch_model
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.encoding import Encoder
from world_model.fit import fit_world_model
from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.errors import DesignError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="a", low=0, high=1), Continuous(name="b", low=0, high=1)))
UP = (Goal(readout="p"), Goal(readout="q"))
TOPS = np.array([[0.2, 0.2], [0.8, 0.8]])  # best of p and of q: the front is the segment between them
WIDE = [TrajectoryGP(name="wide")]


def bowls(x):
    """`n x 2`: minus the squared distance from each top."""
    return -((x[:, None, :] - TOPS[None]) ** 2).sum(axis=2)


def data(n=15, seed=0, *, scale=(1.0, 1.0), roles=None):
    x = np.random.default_rng(seed).uniform(size=(n, 2))
    values = (bowls(x) * np.array(scale))[:, None, :]
    return Dataset(
        ids=tuple(map(str, range(n))), settings={"a": x[:, 0], "b": x[:, 1]}, roles=roles or ("candidate",) * n, blocks=("1",) * n,
        times_h=np.array([np.nan]), variables=("p", "q"), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip


def ask(told=None, *, goals=UP, n=1, **more):
    told = data() if told is None else told
    return propose(
        space=SPACE, goals=goals, measurements=[Measurement(name="p"), Measurement(name="q")], data=told, pending=[], batch=Batch(),
        controls=more.pop("controls", []), round=2, n=n, seed=0, contestants=WIDE, **more,
    )  # fmt: skip


def points(proposal):
    """What the acquisition chose; the rest fills space while the model has not earned trust."""
    chosen = [row for row in proposal.experiments if not row.reason.startswith("Space-filling")]
    return np.array([[row.settings["a"], row.settings["b"]] for row in chosen])


@pytest.fixture(scope="module")
def world():
    return fit_world_model(SPACE, data(), seed=0, goals=UP, contestants=WIDE)


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (Task(goals=UP[:1]), "noisy log expected improvement"),
        (Task(goals=UP), "noisy log expected hypervolume improvement"),
        (Task(goals=UP * 2), "noisy log expected improvement of random weighings"),  # four goals
        (Task(goals=UP, join="desirability"), "noisy log expected improvement"),
    ],
)  # fmt: skip
def test_what_is_wanted_decides_what_judges(task, name):
    assert member_for(task).name == name


def test_every_member_has_a_name_of_its_own():
    assert len({one.name for one in MEMBERS}) == len(MEMBERS)


def test_a_misfit_fails_before_fitting_and_names_what_fits():
    picky = replace(IMPROVEMENT, needs=Needs(gaussian=True))
    with pytest.raises(DesignError, match=r"exact Gaussian posteriors\), found networks. These fit: .*wide"):
        competing(picky, ["networks"], task=Task(goals=UP), encoder=Encoder(SPACE))
    assert [one.name for one in competing(picky, ["wide"], task=Task(goals=UP), encoder=Encoder(SPACE))] == ["wide"]


def test_proposals_lie_on_the_segment_between_the_tops():
    found = points(ask(n=4))
    # the distance from the line a = b, and the place along it
    assert np.abs(found[:, 0] - found[:, 1]).max() / 2**0.5 < 0.08
    assert found.min() > 0.12 and found.max() < 0.88
    assert np.abs(found[0] - found[1]).max() > 0.05  # they spread


def test_units_do_not_outweigh_each_other():
    # titres in mg instead of g: the same batch
    np.testing.assert_allclose(points(ask(n=1)), points(ask(data(scale=(1000.0, 1.0)), n=1)), atol=0.02)


def test_four_goals_are_weighed_at_random():
    more = (Goal(readout="p"), Goal(readout="q"), Goal(readout="p", direction="match", target=-0.1), Goal(readout="q", direction="match", target=-0.1))
    proposal = ask(goals=more, n=2)
    assert "by noisy log expected improvement of random weighings" in proposal.strategy
    assert np.abs(points(proposal)[:, 0] - points(proposal)[:, 1]).max() < 0.25


def test_a_target_in_a_front_is_met_and_not_passed():
    # q as large as can be, p as near to -0.18 as can be: the front runs from the middle (0.5, 0.5), where p is -0.18, to q's top
    goals = (Goal(readout="p", direction="match", target=-0.18), Goal(readout="q"))
    found = points(ask(goals=goals, n=3))
    assert np.abs(found[:, 0] - found[:, 1]).max() < 0.15
    assert found.mean(axis=1).min() > 0.44  # nothing on the far side, where p is larger: there both are worse


def test_a_joined_desirability_is_a_compromise_by_its_weights():
    def where(weight):
        goals = (Goal(readout="p", low=-0.75, high=0.0), Goal(readout="q", low=-0.75, high=0.0, weight=weight))
        proposal = ask(goals=goals, join="desirability")
        assert "joined desirability" in proposal.experiments[0].reason
        return float(points(proposal).mean())

    def best(weight):  # on the diagonal, t between the tops: d = 1 - 2 (t - 0.2)² / 0.75 and the like
        t = np.linspace(0.2, 0.8, 601)
        p, q = 1 - 2 * (t - 0.2) ** 2 / 0.75, 1 - 2 * (t - 0.8) ** 2 / 0.75
        return float(t[(np.log(np.clip(p, 1e-9, 1)) + weight * np.log(np.clip(q, 1e-9, 1))).argmax()])

    assert where(1.0) == pytest.approx(best(1.0), abs=0.06)
    assert where(4.0) == pytest.approx(best(4.0), abs=0.06)


def test_desirabilities_that_are_all_nothing_still_say_which_way_is_up():
    task = Task(goals=(Goal(readout="p", low=1.0, high=2.0), Goal(readout="q", low=1.0, high=2.0)), join="desirability")
    far, near, there = desirable(task, torch.tensor([[-3.0, -3.0], [0.5, 0.5], [2.0, 2.0]], dtype=torch.double)).tolist()
    assert far < near < 0.01 < there == pytest.approx(1.01)


def test_chances_are_those_of_the_marginal_belief(world):
    task = Task(goals=UP[:1], constraints=(OutcomeConstraint(readout="q", at_least=-0.4, at_most=-0.1),))
    design = torch.rand(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    told = world.posterior_at(design).readout(UP[1])
    expected = norm.cdf(-0.1, told.mean, told.sd) - norm.cdf(-0.4, told.mean, told.sd)
    np.testing.assert_allclose(chances(world, task, design, seed=0)[:, 0], np.clip(expected, 0, 1), atol=1e-9)


def test_a_bound_relative_to_a_control_is_a_share_of_what_it_gives(world):
    at_top = Control(name="top", wells=2, settings={"a": 0.7, "b": 0.6})
    task = Task(goals=UP[:1], constraints=(OutcomeConstraint(readout="q", at_least=2.0, relative_to="top"),), controls={"top": at_top.settings})
    (limit,) = limits(world, task, seed=0)
    # twice the loss that it truly has there: 0.1² + 0.2²
    assert limit.bound == pytest.approx(2 * -0.05, abs=0.02) and limit.doubt > 0
    with pytest.raises(DesignError, match="settings of every factor of control 'top'"):
        limits(world, replace(task, controls={"top": {"a": 0.7}}), seed=0)


def test_violations_add_up_over_limits(world):
    task = Task(goals=UP[:1], constraints=(OutcomeConstraint(readout="q", at_least=-0.4, at_most=-0.1),))
    told = limits(world, task, seed=0)
    beyond = violation(told, torch.tensor([[0.0, -0.2], [0.0, -0.5], [0.0, 0.1]], dtype=torch.double))
    assert beyond.tolist() == pytest.approx([0.0, 0.1 / told[1].scale, 0.2 / told[0].scale])


def test_a_constraint_holds_back_a_goal():
    # p alone would go to (0.2, 0.2); q at least -0.32 ends at the circle about q's top through (0.4, 0.4)
    kept = OutcomeConstraint(readout="q", at_least=-0.32)
    proposal = ask(goals=UP[:1], outcome_constraints=[kept])
    found = points(proposal)[0]
    np.testing.assert_allclose(found, [0.4, 0.4], atol=0.06)
    assert "within its bounds" in proposal.experiments[0].reason


def test_the_best_so_far_in_reasons_keeps_the_constraints(world):
    told = data()
    truth = bowls(np.stack([told.settings["a"], told.settings["b"]], axis=1))
    best = truth[truth[:, 1] >= -0.32, 0].max()
    reason = ask(told, goals=UP[:1], outcome_constraints=[OutcomeConstraint(readout="q", at_least=-0.32)]).experiments[0].reason
    assert float(reason.split("best so far, ")[1].split(" ")[0]) == pytest.approx(best, abs=0.02)
    assert best < truth[:, 0].max()


def test_a_chance_constraint_filters_and_says_so(world):
    kept = OutcomeConstraint(readout="q", at_least=-0.32, probability=0.95)
    proposal = ask(goals=UP[:1], n=3, outcome_constraints=[kept])
    assert "candidates likely enough to keep the constraints" in proposal.strategy
    design = torch.as_tensor(points(proposal))
    assert (chances(world, Task(goals=UP[:1], constraints=(kept,)), design, seed=0) >= 0.95).all()


def test_where_nothing_is_safe_the_safest_are_taken_and_it_is_said():
    proposal = ask(goals=UP[:1], n=2, outcome_constraints=[OutcomeConstraint(readout="q", at_least=0.2, probability=0.95)])
    assert "the safest there are, for no candidate is likely enough" in proposal.strategy
    assert all("Not as safe as asked" in row.reason for row in proposal.experiments)


def test_the_safest_are_the_likeliest(world):
    task = Task(goals=UP[:1], constraints=(OutcomeConstraint(readout="q", at_least=-0.002, probability=0.95),))
    pool = Pool(design=torch.rand(200, 2, generator=torch.Generator().manual_seed(1), dtype=torch.double), rows=None, exhaustive=False)
    told = safest(world, task, pool, n=5, seed=0)
    likely = chances(world, task, pool.design, seed=0)[:, 0]
    assert len(told.pool) == 5 and told.lowest == pytest.approx(float(likely.sort(descending=True).values[4]))


def test_large_batches_keep_constraints_in_each_draw(world):
    task = Task(goals=UP[:1], constraints=(OutcomeConstraint(readout="q", at_least=-0.32),))
    pool = Pool(design=torch.rand(400, 2, generator=torch.Generator().manual_seed(1), dtype=torch.double), rows=None, exhaustive=False)
    found = pool.design[choose_by_draws(world, task, pool=pool, n=18, seed=0)]
    truth = bowls(found.numpy())[:, 1]
    assert (truth >= -0.36).all() and (truth >= -0.32).mean() >= 0.6
    assert not kept_in_mean(world, task, torch.tensor([[0.2, 0.2]], dtype=torch.double), seed=0)
    worth = utilities(world, task, torch.tensor([[0.2, 0.2], [0.5, 0.5]], dtype=torch.double), n=4, seed=0)
    assert (worth[:, 0] < worth[:, 1]).all()  # p is larger at the first, but q breaks its bound there


def test_what_was_not_read_of_a_constraint_is_no_obstacle():
    told = data()
    told.values[::3, 0, 1] = np.nan
    proposal = ask(told, goals=UP[:1], outcome_constraints=[OutcomeConstraint(readout="q", at_least=-0.32)])
    np.testing.assert_allclose(points(proposal)[0], [0.4, 0.4], atol=0.1)


def test_the_endpoint_rival_reads_goals_and_constraints_alike():
    task = Task(goals=(Goal(readout="p", direction="match", target=-0.1),), constraints=(OutcomeConstraint(readout="q", take="end", at_least=-0.3),))
    view = endpoint_view(data(), task)
    assert view.data.variables == ("goal 1", "constraint 1")
    assert view.task.goals[0].target == -0.1 and view.task.constraints[0].readout == "constraint 1"
    np.testing.assert_array_equal(view.data.values[:, 0], data().values[:, 0])


def test_jumping_readouts_are_not_followed_uphill():
    times = np.array([0.0, 1.0, 2.0, 3.0])
    x = np.random.default_rng(0).uniform(size=(10, 2))
    values = (x[:, :1] * times + x[:, 1:])[:, :, None]
    told = Dataset(
        ids=tuple(map(str, range(10))), settings={"a": x[:, 0], "b": x[:, 1]}, roles=("candidate",) * 10, blocks=("1",) * 10, times_h=times,
        variables=("p",), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    soon, rate = Goal(readout="p", take="time_to", above=1.0, direction="min"), Goal(readout="p", take="rate")
    model = fit_world_model(SPACE, told, seed=0, goals=(soon, rate), contestants=WIDE)
    design = model.training.design
    assert not as_botorch_model(model, Task(goals=(soon,)), designs=design, seed=0).gradients
    assert as_botorch_model(model, Task(goals=(rate,)), designs=design, seed=0).gradients
    # the slope is a itself, exactly
    np.testing.assert_allclose(model.posterior_at(design).readout(rate).mean, x[:, 0], atol=0.02)
    corner = model.posterior_at(torch.tensor([[0.5, 0.5], [0.1, 0.1]], dtype=torch.double)).readout(soon).mean.tolist()
    assert corner == pytest.approx([1.0, 4.0], abs=0.25)  # 0.5 t + 0.5 = 1 at 1 h; 0.1 t + 0.1 never: one interval after the last reading
