"""The field GP: what it refuses, its closed forms against the long way, and what it makes of tables that are mostly gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.contestants.field_fit import conditioned
from world_model.contestants.field_gp import FieldGP, FittedField
from world_model.contract import Contestant, Fitted, Training
from world_model.mechanisms.simulated import Simulated
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

HOURS = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
SPACE = SearchSpace(factors=(Continuous(name="dose", low=0, high=1), Continuous(name="heat", low=0, high=1)))


def truth(dose: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """`n x t x y`: two observables, the second the first's mirror image on another scale."""
    up = (1 + 2 * dose + np.sin(2 * heat))[:, None] * (1 - np.exp(-0.5 * HOURS))
    return np.stack([up, 100 - 30 * up], axis=-1)


def table(n: int = 24, *, gaps: float = 0.7, noise: float = 0.02, seed: int = 0) -> Training:
    source = np.random.default_rng(seed)
    dose, heat = source.random((2, n))
    values = truth(dose, heat) + noise * np.array([1.0, 30.0]) * source.standard_normal((n, len(HOURS), 2))
    values[source.random(values.shape) < gaps] = np.nan
    return of(SPACE, {"dose": dose, "heat": heat}, values)


def of(space: SearchSpace, settings: dict[str, np.ndarray], values: np.ndarray) -> Training:
    n = len(values)
    data = Dataset(
        ids=tuple(map(str, range(n))), settings=settings, roles=("candidate",) * n, blocks=("1",) * n, times_h=HOURS[: values.shape[1]],
        variables=("a", "b")[: values.shape[2]], values=values, flags=np.where(np.isfinite(values), 0, -1),
    )  # fmt: skip
    return Training.of(space, data)


class Told:
    """A mechanism whose simulations are given by a function of dose and heat."""

    name, parameters = "told", ()

    def __init__(self, function) -> None:
        self.function = function

    def simulate(self, rows, times_h, variables, *, scaled=None):
        return self.function(np.array([row["dose"] for row in rows]), np.array([row["heat"] for row in rows]))


def with_mechanism(training: Training, function) -> Training:
    return replace(training, simulated=Simulated(Told(function), encoder=training.encoder, times_h=training.times_h, variables=training.variables))


@pytest.fixture(scope="module")
def training() -> Training:
    return table()


@pytest.fixture(scope="module")
def fitted(training: Training) -> FittedField:
    return FieldGP(name="field").fit(training, seed=0)


def test_it_says_why_it_does_not_compete(training: Training):
    field = FieldGP(name="field")
    assert field.why_not(training) is None
    assert "0% of the table" in field.why_not(table(gaps=0.0))
    assert "more than 2,500" in field.why_not(table(500, gaps=0.2))
    assert "no mechanism" in FieldGP(name="m", mechanism="given").why_not(training)


def test_it_keeps_the_contract(fitted: FittedField, training: Training):
    assert isinstance(FieldGP(name="field"), Contestant)
    assert isinstance(fitted, Fitted)
    told = fitted.beliefs(training.design[:3])
    assert told.mean.shape == told.epistemic.shape == told.aleatoric.shape == (3, 5, 2)
    assert bool((told.epistemic > 0).all())
    assert fitted.beliefs(training.design[:0]).mean.shape == (0, 5, 2)


def test_gaps_of_unseen_conditions_are_filled_from_the_other_observable_and_the_neighbours(fitted: FittedField):
    source = np.random.default_rng(9)
    dose, heat = source.random((2, 60))
    told = fitted.beliefs(fitted.encoder.design({"dose": dose, "heat": heat}))
    real = torch.as_tensor(truth(dose, heat))
    error = ((told.mean - real) / fitted.scale).square().mean().sqrt()
    assert error < 0.12  # the noise is 0.02 of about 0.9 sd; 30 % of the readings of 24 curves were there
    inside = ((told.mean - real).abs() <= 1.645 * told.variance("state").sqrt()).double().mean()
    assert inside > 0.8


def test_held_out_is_what_remains_when_the_intervention_is_not_conditioned_on(fitted: FittedField):
    told = fitted.held_out()
    for row in (0, 7, 19):
        kept = fitted.places.row != row
        places = fitted.places.take(kept)
        own = conditioned(fitted.field, places, fitted.targets[kept], fitted.encoder.features(fitted.design), None)
        other = replace(fitted, places=places, targets=fitted.targets[kept], factor=own.factor, weights=own.weights)
        long_way = other.beliefs(fitted.design[row : row + 1])
        torch.testing.assert_close(told.mean[row], long_way.mean[0], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(told.epistemic[row], long_way.epistemic[0], rtol=1e-4, atol=1e-6)


def test_draws_have_the_marginals_of_the_belief_and_are_the_seeds(fitted: FittedField):
    design = fitted.encoder.design({"dose": np.array([0.2, 0.9]), "heat": np.array([0.5, 0.1])})
    told = fitted.beliefs(design)
    for of_what in ("state", "reading"):
        drawn = fitted.draws(design, 1500, seed=3, of=of_what)
        sd = told.variance(of_what).sqrt()
        assert float(((drawn.mean(dim=0) - told.mean) / sd).abs().max()) < 0.15
        torch.testing.assert_close(drawn.std(dim=0), sd, rtol=0.12, atol=0.0)
    torch.testing.assert_close(fitted.draws(design, 5, seed=1), fitted.draws(design, 5, seed=1))


def test_a_mechanism_in_other_units_is_used_and_one_that_is_wrong_is_not_followed(training: Training):
    def rmse(fit: Fitted) -> float:
        told = fit.held_out()
        return float(((told.mean - training.values) / training.scale).square().nanmean().sqrt())

    few = training.take(torch.arange(9))
    scaled = FieldGP(name="m", mechanism="given").fit(with_mechanism(few, lambda d, h: 3 * truth(d, h) + 7), seed=0)
    wrong = FieldGP(name="m", mechanism="given").fit(with_mechanism(few, lambda d, h: truth(np.cos(40 * d), np.sin(50 * h))), seed=0)
    plain = FieldGP(name="field").fit(few, seed=0)
    training = few
    assert rmse(scaled) < 0.6 * rmse(plain)
    assert rmse(wrong) < 1.3 * rmse(plain)


def test_a_shift_between_days_is_learned_as_one():
    source = np.random.default_rng(2)
    dose, day = source.random(20), np.array(["mon", "tue"] * 10, dtype=object)
    values = truth(dose, np.zeros(20))[:, :, :1] + 2.0 * (day == "tue")[:, None, None] + 0.02 * source.standard_normal((20, 5, 1))
    values[source.random(values.shape) < 0.4] = np.nan
    space = SearchSpace(factors=(Continuous(name="dose", low=0, high=1), Categorical(name="day", levels=("mon", "tue"))))
    fit = FieldGP(name="field").fit(of(space, {"dose": dose, "day": day}, values), seed=0)
    told = fit.beliefs(fit.encoder.design({"dose": np.array([0.35, 0.35]), "day": np.array(["mon", "tue"], dtype=object)}))
    np.testing.assert_allclose((told.mean[1] - told.mean[0]).flatten(), 2.0, atol=0.15)
