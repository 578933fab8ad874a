"""Where a mechanism does not run: what stands in for it does not hang on what was asked before, and is believed the less."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.contestants.fitted_mechanism import FittedMechanism, FittedMechanismResidual
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Training
from world_model.filter import filter
from world_model.fit import fit_training
from world_model.mechanisms.mechanism import MechanismParameter
from world_model.one_world import ModelWorlds
from world_model.simulate_from import branches
from world_model.state import History
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace
from world_model.this_experiment import curve_belief

HOURS = np.linspace(0.0, 4.0, 5)
SPACE = SearchSpace(factors=(Continuous(name="rate", low=0.1, high=1.0),))


class Brittle:
    """Saturation; its integrator fails beyond a rate."""

    def __init__(self, *, fails_above: float) -> None:
        self.name, self.fails_above = "brittle", fails_above
        self.parameters = (MechanismParameter(name="top", value=2.0),)

    def simulate(self, rows, times_h, variables, *, scaled=None):
        rate = np.array([row["rate"] for row in rows])[:, None, None]
        values = 2.0 * (scaled or {}).get("top", 1.0) * (1 - np.exp(-rate * times_h[:, None]))
        return np.where(rate > self.fails_above, np.nan, values)


def training(*, fails_above: float, n: int = 24, mechanism: Brittle | None = None) -> Training:
    rng = np.random.default_rng(3)
    rate = rng.uniform(0.1, 1.0, n)
    values = 3.0 * (1 - np.exp(-rate[:, None] * HOURS))[:, :, None] + 0.05 * rng.normal(size=(n, 5, 1))
    data = Dataset(
        ids=tuple(map(str, range(n))), settings={"rate": rate}, roles=("candidate",) * n, blocks=("1",) * n, times_h=HOURS, variables=("od",),
        values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return Training.of(SPACE, data, mechanism=mechanism or Brittle(fails_above=fails_above))


RUNS, FAILS = torch.tensor([[0.2]], dtype=torch.double), torch.tensor([[0.95]], dtype=torch.double)


def test_what_stands_in_is_the_mean_of_the_training_runs_whatever_was_asked_before():
    one, other = training(fails_above=0.7).simulated, training(fails_above=0.7).simulated
    other.at(torch.linspace(0, 0.3, 50, dtype=torch.double).unsqueeze(-1))  # many slow ones first
    assert torch.equal(one.at(FAILS), other.at(FAILS))
    rate = np.random.default_rng(3).uniform(0.1, 1.0, 24)
    expected = 2.0 * (1 - np.exp(-rate[rate <= 0.7][:, None] * HOURS))
    np.testing.assert_allclose(one.at(FAILS)[0, :, 0], expected.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(one.doubt(FAILS)[0, :, 0], expected.var(axis=0), rtol=1e-9)
    assert not one.doubt(RUNS).any()


def test_a_mechanism_that_never_runs_is_an_error():
    with pytest.raises(NextwellError, match="fails for all"):
        training(fails_above=0.0).simulated.at(FAILS)


@pytest.mark.parametrize("contestant", [TrajectoryGP(name="residual", mechanism="mean"), FittedMechanism(), FittedMechanismResidual()])
def test_a_design_for_which_the_mechanism_fails_is_believed_less(contestant):
    fitted = contestant.fit(training(fails_above=0.7), seed=0)
    doubt = fitted.beliefs(FAILS).epistemic[0, -1, 0]
    assert doubt > 10 * fitted.beliefs(RUNS).epistemic[0, -1, 0]
    assert float(fitted.draws(FAILS, 4000, seed=0).var(dim=0)[0, -1, 0]) == pytest.approx(float(doubt), rel=0.1)


def test_a_readout_of_an_estimated_mechanism_is_as_unsure_as_its_curve():
    """The last reading as a goal, as a marginal and as draws: one number, the constants' share of the variance included."""
    world = fit_training(training(fails_above=2.0, n=8), seed=0, contestants=(FittedMechanismResidual(),))
    told = world.posterior_at(torch.cat([RUNS, FAILS]))
    assert (world.fitted.moves(told.design).abs().sum(dim=(1, 2, 3)) > 0).all()
    for of in ("state", "reading"):
        sd = told.mean_sd(of=of).sd[:, -1, 0]
        torch.testing.assert_close(told.readout(Goal(readout="od"), of=of).sd, sd, rtol=1e-6, atol=0)
        torch.testing.assert_close(told.draws(8000, 1, of=of).std(dim=0)[:, -1, 0], sd, rtol=0.05, atol=0)


class Exploding(Brittle):
    """Growth without end: every run is finite, and most of them can't be squared."""

    def simulate(self, rows, times_h, variables, *, scaled=None):
        rate = np.array([row["rate"] for row in rows])[:, None, None]
        return (scaled or {}).get("top", 1.0) * np.exp(150.0 * rate * times_h[:, None])


def test_a_mechanism_that_explodes_costs_its_own_contestants_alone():
    exploding = training(fails_above=2.0, mechanism=Exploding(fails_above=2.0))
    told = exploding.simulated.at(torch.tensor([[0.2], [1.0]], dtype=torch.double))
    assert (told.abs() < 1e100).all()  # 10^65 at the first rate; 10^260 at the second, for which the mean of others stands in
    forms = (TrajectoryGP(name="residual", mechanism="mean"), TrajectoryGP(name="input", mechanism="input"), FittedMechanismResidual(), TrajectoryGP(name="wide"))
    assert fit_training(exploding, seed=0, contestants=forms).verdict.picked == "wide"


def test_hypotheses_differ_in_the_constants_too():
    """An agent in the model meets the spread that the model believes in."""
    world = fit_training(training(fails_above=2.0, n=8), seed=0, contestants=(FittedMechanismResidual(),))
    asked, worlds = {"rate": 0.95}, ModelWorlds(world)
    found = np.std([worlds.draw(seed).state(asked)[-1, 0] for seed in range(600)])
    assert found == pytest.approx(float(world.posterior([asked]).mean_sd().sd[0, -1, 0]), rel=0.1)
    again = worlds.draw(3)
    assert np.array_equal(again.state(asked), again.state(asked))


def test_readings_of_an_experiment_tell_of_the_constants():
    """Before it is read an experiment is as unsure as its constants and its well; what is read is conditioned on both, exactly."""
    world = fit_training(training(fails_above=2.0, n=8), seed=0, contestants=(FittedMechanismResidual(),))
    asked = {"rate": 0.95}
    belief = curve_belief(world, world.fitted, world.encoder.design_of([asked]))
    before = belief.prior(0)
    assert belief.moves.shape[1] >= 1
    rows = before.loadings.flatten(1).T  # `t x k + m`, of one observable
    prior = rows @ before.covariance @ rows.T
    drawn = branches(world, History.not_begun(asked, ("od",)), {"same": asked}, n=20_000, seed=0).values[:, 0, :, 0]
    torch.testing.assert_close(drawn.std(dim=0)[2:], (prior.diagonal() + belief.left_out_sd[:, 0].square()).sqrt()[2:], rtol=0.03, atol=0)

    read = History(settings=asked, now_h=2.0, times_h=np.array([2.0]), values=np.array([[2.7]]), variables=("od",))
    gain = prior[:, 2] / (prior[2, 2] + belief.noise_sd[2, 0].square())
    want = belief.centre[0, 2, 0] + gain[2] * (2.7 - belief.centre[0, 2, 0])
    assert float(filter(world, read).mean[0]) == pytest.approx(float(want), rel=1e-9)
    after = branches(world, read, {"same": asked}, n=20_000, seed=0).values[:, 0, :, 0]
    last = belief.centre[0, 4, 0] + gain[4] * (2.7 - belief.centre[0, 2, 0])
    assert float(after[:, 4].mean()) == pytest.approx(float(last), abs=4 * float(after[:, 4].std()) / 20_000**0.5)
