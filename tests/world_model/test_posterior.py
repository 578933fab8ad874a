"""What a belief answers: marginals, draws and readouts agree with each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.calibration import Calibration
from world_model.fit import fit_world_model
from world_model.scores import Z90
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="rate", low=0.1, high=1), Continuous(name="start", low=0, high=2)))
TIMES = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
ASKED = [{"rate": 0.3, "start": 0.5}, {"rate": 0.9, "start": 1.5}, {"rate": 0.5, "start": 1.0}]


def truth(rate, start):
    """Saturation: start + 1 − e^(−rate t), and twice that as a second observable."""
    curve = start[:, None] + 1 - np.exp(-rate[:, None] * TIMES)
    return np.stack([curve, 2 * curve], axis=-1)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(2)
    rate, start = rng.uniform(0.1, 1, 26), rng.uniform(0, 2, 26)
    values = truth(rate, start) + 0.02 * rng.normal(size=(26, 5, 2))
    data = Dataset(
        ids=tuple(map(str, range(26))), settings={"rate": rate, "start": start}, roles=("candidate",) * 26, blocks=("1",) * 26,
        times_h=TIMES, variables=("od", "gfp"), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return fit_world_model(SPACE, data, seed=0)


def test_curves_are_predicted_with_their_uncertainty(world):
    told = world.posterior(ASKED).mean_sd(of="reading")
    real = torch.as_tensor(truth(np.array([0.3, 0.9, 0.5]), np.array([0.5, 1.5, 1.0])))
    assert told.mean.shape == (3, 5, 2)
    assert float((told.mean - real).abs().max()) < 0.15
    assert float(((told.mean - real).abs() < 3.5 * told.sd).double().mean()) == 1.0


def test_a_reading_is_less_certain_than_the_state(world):
    state, reading = (world.posterior(ASKED).mean_sd(of=of) for of in ("state", "reading"))
    assert torch.equal(state.mean, reading.mean) and (reading.sd > state.sd).all()


@pytest.mark.parametrize("of", ["state", "reading"])
def test_draws_have_the_marginals(world, of):
    """20,000 draws: means within 4.5 standard errors, sd within 3 %."""
    posterior = world.posterior(ASKED)
    drawn, told = posterior.draws(20_000, 5, of=of), posterior.mean_sd(of=of)
    assert drawn.shape == (20_000, 3, 5, 2)
    assert ((drawn.mean(0) - told.mean).abs() < 4.5 * told.sd / 20_000**0.5 + 1e-9).all()
    assert torch.allclose(drawn.std(0), told.sd, rtol=0.03)


def test_draws_repeat_with_their_seed(world):
    posterior = world.posterior(ASKED)
    assert torch.equal(posterior.draws(3, 1), posterior.draws(3, 1))
    assert not torch.equal(posterior.draws(3, 1), posterior.draws(3, 2))


def test_a_draw_is_one_world_shared_by_all_experiments(world):
    """The same experiment twice in one draw has the same truth."""
    drawn = world.posterior([ASKED[0], ASKED[1], ASKED[0]]).draws(50, 3)
    assert float((drawn[:, 0] - drawn[:, 2]).abs().max()) < 1e-2 * float(drawn.std())


@pytest.mark.parametrize(
    "goal", [Goal(readout="od"), Goal(readout="gfp", at_h=3.0), Goal(readout="od", take="area"), Goal(readout="gfp", take="peak")], ids=str
)
def test_readouts_agree_with_draws_read_out_one_by_one(world, goal):
    from world_model.readouts import read_out

    posterior = world.posterior(ASKED)
    told = posterior.readout(goal, seed=1)
    drawn = read_out(goal, posterior.draws(20_000, 9), times_h=world.times_h, variables=world.variables)
    # a peak is itself drawn, 256 times: its mean is good to sd/16, its sd to 5 %
    assert ((drawn.mean(0) - told.mean).abs() < 0.35 * told.sd).all()
    assert torch.allclose(drawn.std(0), told.sd, rtol=0.2 if goal.take == "peak" else 0.03)


def test_the_interval_is_the_central_ninety_percent(world):
    told = world.readout(Goal(readout="od"), ASKED)
    assert torch.allclose(told.high - told.low, 2 * Z90 * told.sd)


def test_a_calibration_factor_widens_every_answer(world):
    posterior = world.posterior(ASKED)
    wide = replace(posterior, calibration=Calibration(factor=2 * posterior.calibration.factor))
    goal = Goal(readout="od", take="area")
    assert torch.allclose(wide.mean_sd().sd, 2 * posterior.mean_sd().sd)
    assert torch.allclose(wide.readout(goal).sd, 2 * posterior.readout(goal).sd)
    assert torch.allclose(wide.draws(4000, 1).std(0), 2 * posterior.draws(4000, 1).std(0), rtol=1e-6)


def test_nothing_asked_nothing_answered(world):
    assert world.posterior([]).mean_sd().mean.shape == (0, 5, 2)
