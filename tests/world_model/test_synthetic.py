"""What the model makes has the model's own moments, and the guard knows that it teaches nothing new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from world_model.contract import Training
from world_model.fit import fit_training
from world_model.synthetic import synthesize
from world_model.synthetic_guard import MechanismMaker, ModelMaker, guard_synthetic, with_synthetic
from world_model.terms.errors import DesignError, ResultsError
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="rate", low=0.1, high=1), Continuous(name="start", low=0, high=2)))
TIMES = np.array([0.0, 1.0, 2.0, 4.0, 8.0])


def truth(rate, start):
    return (start[:, None] * np.cos(7 * rate)[:, None] + 1 - np.exp(-rate[:, None] * TIMES))[:, :, None]


@dataclass(frozen=True)
class Equations:
    """The truth with a factor on its effect: right where the factor is 1."""

    factor: float
    name: str = "equations"
    parameters: tuple = ()

    def simulate(self, rows, times_h, variables, *, scaled=None):
        return self.factor * truth(np.array([row["rate"] for row in rows]), np.array([row["start"] for row in rows]))


def training(n, *, mechanism=None, seed=1):
    rng = np.random.default_rng(seed)
    rate, start = rng.uniform(0.1, 1, n), rng.uniform(0, 2, n)
    values = truth(rate, start) + 0.05 * rng.normal(size=(n, 5, 1))
    data = Dataset(
        ids=tuple(map(str, range(n))), settings={"rate": rate, "start": start}, roles=("candidate",) * n, blocks=("1",) * n,
        times_h=TIMES, variables=("od",), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return Training.of(SPACE, data, mechanism=mechanism)


DESIGN = torch.quasirandom.SobolEngine(2, scramble=True, seed=5).draw(40).double()


@pytest.fixture(scope="module")
def world():
    return fit_training(training(30), seed=0, contestants=("wide",))


@pytest.mark.parametrize("of", ["state", "reading"])
def test_it_has_the_models_own_moments(world, of):
    """3,000 rows of two designs in as many hypotheses: means within 5 standard errors, sd within 8 %."""
    design = DESIGN[:2].repeat(256, 1)
    drawn = torch.cat([synthesize(world, design, seed=10 * s, hypotheses=512, of=of).values.reshape(256, 2, 5, 1) for s in range(6)])
    told = world.posterior_at(DESIGN[:2]).mean_sd(of=of)
    assert ((drawn.mean(0) - told.mean).abs() < 5 * told.sd / len(drawn) ** 0.5).all()
    assert torch.allclose(drawn.std(0) / told.sd, torch.ones(()).double(), atol=0.08)


def test_rows_of_one_hypothesis_are_of_one_world(world):
    """Neighbours in one hypothesis err alike; in two they don't: the correlation of the errors of two near designs."""
    pair = torch.stack([DESIGN[0], DESIGN[0] + 0.01])
    centre = world.posterior_at(pair).mean_sd().mean[:, -1, 0]
    one = torch.stack([synthesize(world, pair, seed=s, hypotheses=1, of="state").values[:, -1, 0] - centre for s in range(100)])
    two = torch.stack([synthesize(world, pair, seed=s, hypotheses=2, of="state").values[:, -1, 0] - centre for s in range(100)])
    assert torch.corrcoef(one.T)[0, 1] > 0.9 and abs(torch.corrcoef(two.T)[0, 1]) < 0.35


def test_it_tells_what_lies_out_of_range(world):
    inside, outside = synthesize(world, torch.tensor([[0.5, 0.5]]).double(), seed=0), synthesize(world, torch.tensor([[4.0, -3.0]]).double(), seed=0)
    assert inside.far[0] < 1 < outside.far[0]
    with pytest.raises(DesignError, match="at least one"):
        synthesize(world, DESIGN[:0], seed=0)


def test_rows_of_the_model_itself_teach_nothing(world):
    """The data-processing inequality: for these data too the answer is never `helps`."""
    for seed in (1,):
        told = guard_synthetic(training(18, seed=seed), ModelMaker(), design=DESIGN, seed=seed)
        assert told.answer in ("no gain", "hurts") and told.n_interventions == 18
        assert told.difference == pytest.approx(told.real_crps - told.mixed_crps, abs=1e-9)


def test_rows_of_a_right_mechanism_help_and_of_a_wrong_one_hurt():
    right = guard_synthetic(training(18, mechanism=Equations(1.0), seed=2), MechanismMaker(), design=DESIGN, seed=0)
    wrong = guard_synthetic(training(18, mechanism=Equations(-1.0), seed=2), MechanismMaker(), design=DESIGN, seed=0)
    assert right.answer == "helps" and right.difference > 2 * right.standard_error
    assert wrong.answer == "hurts" and wrong.difference < -wrong.standard_error


def test_the_maker_never_sees_what_it_is_judged_on():
    seen = []

    @dataclass(frozen=True)
    class Watching:
        name: str = "watching"
        knows_more: bool = False

        def make(self, training, design, *, seed):
            seen.append({tuple(row) for row in training.design.tolist()})
            return training.values[:1].expand(len(design), -1, -1)

    told = training(15)
    guard_synthetic(told, Watching(), design=DESIGN[:5], seed=0)
    rows = {tuple(row) for row in told.design.tolist()}
    assert all(part < rows for part in seen) and set.intersection(*seen) == set() and set.union(*seen) == rows


def test_too_few_interventions_are_not_judged_by():
    with pytest.raises(ResultsError, match="at least 12"):
        guard_synthetic(training(8), ModelMaker(), design=DESIGN, seed=0)
    with pytest.raises(ResultsError, match="mechanism"):
        MechanismMaker().make(training(15), DESIGN, seed=0)


def test_synthetic_rows_stand_after_the_real_ones():
    told = training(12)
    mixed = with_synthetic(told, DESIGN[:3], torch.zeros(3, 5, 1).double())
    assert len(mixed) == 15 and mixed.n_interventions == 15 and torch.equal(mixed.values[:12], told.values)
