"""A new point or a repeat: worth by hand and by BoTorch, and what a batch does with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import ExpectedImprovement
from botorch.models import SingleTaskGP

from planner.acquisitions.task import Task
from planner.plates.allocate import wells_left_open
from planner.plates.repeats import READINGS, _after, _worth, choose_with_repeats, refuse_other_tasks
from planner.pool import Pool
from planner.propose import propose
from world_model.fit import fit_world_model
from world_model.terms.campaign_doc import Batch
from world_model.terms.errors import DesignError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0, high=1),))


def phi(z):
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def big_phi(z):
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def readings(n=4096):
    from scipy.special import ndtri

    return torch.as_tensor(ndtri((np.arange(n) + 0.5) / n))


def test_a_repeat_of_the_runner_up_is_worth_what_the_closed_form_says():
    """Two measured points, means 1 and 0.8, independent, sd 0.5 each, noise sd 0.5: reading the second moves its mean by
    b = 0.25 / sqrt(0.5); E max(1, 0.8 + b Z) = 1 + b (phi(d) - d (1 - Phi(d))) with d = 0.2 / b (Frazier et al. 2009, two alternatives)."""
    b = 0.25 / math.sqrt(0.5)
    d = 0.2 / b
    by_hand = 1 + b * (phi(d) - d * (1 - big_phi(d)))
    mean, covariance = torch.tensor([1.0, 0.8]).double(), torch.diag(torch.tensor([0.25, 0.25]).double())
    told = _worth(mean.expand(4096, -1), covariance, torch.tensor([1]), torch.tensor([0, 1]), readings(), noise=0.25)
    assert float(told) == pytest.approx(by_hand, abs=1e-4)


def test_without_noise_a_new_point_is_worth_its_expected_improvement():
    """BoTorch's closed-form EI over the best posterior mean of exact readings."""
    x = torch.linspace(0, 1, 5, dtype=torch.double)[:, None]
    gp = SingleTaskGP(x, torch.sin(5 * x), train_Yvar=torch.full_like(x, 1e-8), outcome_transform=None).eval()
    new = torch.tensor([[0.37]], dtype=torch.double)
    joint = gp.posterior(torch.cat([x, new])).distribution
    mean, covariance = joint.mean.detach(), joint.covariance_matrix.detach()
    told = _worth(mean.expand(4096, -1), covariance, torch.tensor([5]), torch.arange(5), readings(), noise=1e-10)
    improvement = ExpectedImprovement(gp, best_f=float(mean[:5].max()))(new)
    assert float(told) - float(mean[:5].max()) == pytest.approx(float(improvement), rel=1e-2, abs=1e-5)


def test_reading_a_point_leaves_the_variance_of_conditioning():
    """One reading of variance 0.25 at sd 0.5: 0.25 - 0.25² / 0.5 = 0.125."""
    _, left = _after(torch.zeros(1, 1, dtype=torch.double), torch.tensor([[0.25]], dtype=torch.double), 0, torch.zeros(1, dtype=torch.double), noise=0.25)
    assert float(left) == pytest.approx(0.125)


def data_of(x, y, noise="unknown"):
    n = len(x)
    return Dataset(
        ids=tuple(f"R01-{i + 1:03d}" for i in range(n)), settings={"x": np.asarray(x, float)}, roles=("candidate",) * n, blocks=("1",) * n,
        times_h=np.array([np.nan]), variables=("y",), values=np.asarray(y, float)[:, None, None], flags=np.zeros((n, 1, 1), int), noise=noise,
    )  # fmt: skip


def allocated(sd, *, n=8, seed=0):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, 12)
    y = np.sin(12 * x) + x + sd * rng.normal(size=12)
    world = fit_world_model(SPACE, data_of(x, y), seed=0, goals=[Goal(readout="y")], contestants=["wide"])
    new = torch.linspace(0.02, 0.98, 60, dtype=torch.double)[:, None]
    return choose_with_repeats(
        world, Task(goals=(Goal(readout="y"),)), pool=Pool(design=new, rows=None, exhaustive=False), measured=torch.as_tensor(x)[:, None],
        pending=new[:0], n=n, seed=0,
    )  # fmt: skip


def test_hardly_anything_is_repeated_where_readings_are_exact():
    """The first wells go where the best may lie between measured points; a repeat tells nothing that is not known."""
    assert allocated(0.001, n=3).of == (None, None, None)


def test_a_repeat_of_the_batch_points_at_its_first_well():
    told = allocated(0.6, n=16)
    for k, place in enumerate(told.of):
        if place is not None and place >= 12:
            assert torch.equal(told.design[place - 12], told.design[k]) and told.of[place - 12] is None and place - 12 < k


def test_repeats_are_proposed_with_what_they_repeat():
    """Noise of the size of the signal: some wells repeat an earlier experiment, with its id, its settings and the reason."""
    rng = np.random.default_rng(1)
    x = np.r_[np.linspace(0, 1, 16), np.linspace(0, 1, 16)]
    y = np.where(np.abs(x - 0.4) < 0.04, 1.0, 0.0) + 0.3 * rng.normal(size=32)
    data = data_of(x, y, noise="small")
    proposal = propose(
        space=SPACE, goals=[Goal(readout="y")], measurements=[Measurement(name="y")], data=data, pending=[], batch=Batch(replicates="auto"), controls=[],
        round=2, n=12, seed=0, rounds_left=1,
    )  # fmt: skip
    assert len(proposal.experiments) == 12 and [row.id for row in proposal.experiments] == [f"R02-{k:03d}" for k in range(1, 13)]
    ids = {row.id: row for row in proposal.experiments}
    for row in proposal.experiments:
        assert (row.role == "replicate") == (row.repeat_of is not None)
        if row.repeat_of in ids:
            assert ids[row.repeat_of].settings == row.settings
        elif row.repeat_of is not None:
            assert data.settings["x"][data.ids.index(row.repeat_of)] == pytest.approx(row.settings["x"], abs=1e-9)
            assert f"Repeats {row.repeat_of}, read 2 times" in row.reason


@pytest.mark.parametrize(("rounds_left", "open_"), [(5, 0), (3, 0), (2, 8), (1, 8), (None, 2)])
def test_repeats_compete_for_every_well_at_the_end_of_the_budget_alone(rounds_left, open_):
    assert wells_left_open(8, rounds_left=rounds_left) == open_


@pytest.mark.parametrize("goals", [(Goal(readout="y"), Goal(readout="z", direction="min")), (Goal(readout="y", direction="information"),)])
def test_tasks_without_one_best_are_refused(goals):
    with pytest.raises(DesignError, match="replicates = 'auto'"):
        refuse_other_tasks(Task(goals=goals))


def test_common_readings_are_balanced():
    """Sobol normal readings: their mean is 0 to 1 / READINGS, so that no choice is favoured."""
    from botorch.utils.sampling import draw_sobol_normal_samples

    assert float(draw_sobol_normal_samples(d=8, n=READINGS, dtype=torch.double, seed=0).mean(dim=0).abs().max()) < 0.1
