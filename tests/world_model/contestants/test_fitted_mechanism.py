"""The fitted mechanism as a contestant: near exact where the structure is right, seen through where it is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.contestants.fitted_mechanism import FittedMechanism, FittedMechanismResidual
from world_model.contract import Belief, Contestant, Fitted, Training
from world_model.fit import fit_training
from world_model.judge import crps_by_intervention
from world_model.mechanisms.mechanism import MechanismParameter
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

HOURS = np.linspace(0.0, 6.0, 7)
NAMES = ("S", "P")
SPACE = SearchSpace(factors=(Continuous(name="s", low=0.5, high=3.0), Continuous(name="e", low=0.3, high=3.0)))


class Chain:
    """S → P → nothing in closed form; the second step may be missing."""

    def __init__(self, *, k: float, d: float, second_step: bool = True) -> None:
        self.name, self.second_step = "chain", second_step
        constants = {"k": k, "d": d} if second_step else {"k": k}
        self.parameters = tuple(MechanismParameter(name=name, value=value) for name, value in constants.items())

    def simulate(self, rows, times_h, variables, *, scaled=None):
        values = {p.name: p.value * (scaled or {}).get(p.name, 1.0) for p in self.parameters}
        s, e = (np.array([row[name] for row in rows])[:, None] for name in ("s", "e"))
        rate = values["k"] * e
        left = np.exp(-rate * times_h)
        if not self.second_step:
            product = s * (1 - left)
        else:
            product = s * rate / (values["d"] - rate + 1e-9) * (left - np.exp(-values["d"] * times_h))
        return np.stack([s * left, product], axis=-1)


TRUTH = Chain(k=0.37, d=0.61)


def training(n: int, mechanism, *, seed: int = 0, noise: float = 0.05, replicates: int = 1) -> Training:
    rng = np.random.default_rng(seed)
    settings = {"s": np.repeat(rng.uniform(0.5, 3.0, n), replicates), "e": np.repeat(rng.uniform(0.3, 3.0, n), replicates)}
    rows = [dict(zip(settings, row, strict=True)) for row in zip(*settings.values(), strict=True)]
    values = TRUTH.simulate(rows, HOURS, NAMES)
    values = values + noise * values.std((0, 1)) * rng.normal(size=values.shape)
    values[rng.uniform(size=values.shape) < 0.05] = np.nan
    m = len(rows)
    data = Dataset(
        ids=tuple(map(str, range(m))), settings=settings, roles=("candidate",) * m, blocks=("1",) * m, times_h=HOURS, variables=NAMES, values=values,
        flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return Training.of(SPACE, data, mechanism=mechanism)


def unseen(fitted, *, n: int = 100) -> float:
    design = torch.rand(n, 2, generator=torch.Generator().manual_seed(9), dtype=torch.double)
    rows = [{"s": 0.5 + 2.5 * float(a), "e": 0.3 + 2.7 * float(b)} for a, b in design]
    truth = TRUTH.simulate(rows, HOURS, NAMES)
    error = (fitted.beliefs(design).mean.numpy() - truth) / truth.std((0, 1))
    return float(np.sqrt((error**2).mean()))


class AsGiven:
    """The mechanism with its constants as they are."""

    def beliefs(self, design: torch.Tensor) -> Belief:
        told = training(20, WRONG_CONSTANTS).simulated.at(design)
        return Belief(mean=told, epistemic=torch.zeros_like(told), aleatoric=torch.zeros_like(told))


WRONG_CONSTANTS = Chain(k=0.37 * np.exp(0.5), d=0.61 * np.exp(-0.7))
WRONG_STRUCTURE = Chain(k=0.37, d=0.61, second_step=False)


@pytest.mark.parametrize("contestant", [FittedMechanism(), FittedMechanismResidual()], ids=lambda one: one.name)
def test_right_equations_with_wrong_constants_become_near_exact_at_20(contestant):
    assert isinstance(contestant, Contestant)
    fitted = contestant.fit(training(20, WRONG_CONSTANTS), seed=0)
    assert isinstance(fitted, Fitted)
    assert unseen(AsGiven()) > 0.2
    assert unseen(fitted) < 0.03


def test_a_wrong_structure_is_left_by_the_judge():
    told = fit_training(training(30, WRONG_STRUCTURE), seed=0, contestants=("fitted mechanism", "wide", "mean"))
    assert told.verdict.picked == "wide"
    right = fit_training(training(30, WRONG_CONSTANTS), seed=0, contestants=("wide", "fitted mechanism", "mean"))
    assert right.verdict.picked == "fitted mechanism"
    assert right.verdict.level == 2


def test_held_out_scores_are_those_of_unseen_interventions():
    # mean scaled CRPS of a right Gaussian of sd s is s / sqrt(pi): 0.05 / sqrt(pi) = 0.028 for the readings' noise alone
    data = training(30, WRONG_CONSTANTS)
    for contestant in (FittedMechanism(), FittedMechanismResidual()):
        score = float(crps_by_intervention(contestant.fit(data, seed=0).held_out(), training=data).nanmean())
        assert 0.022 < score < 0.036, contestant.name


def test_held_out_predictions_are_near_those_of_true_refits():
    data = training(8, WRONG_CONSTANTS, noise=0.15, seed=4)
    whole = FittedMechanism().fit(data, seed=0)
    told = whole.held_out()
    moved_most = 0.0
    for g in range(8):
        others = data.groups != g
        left = FittedMechanism().fit(data.take(others), seed=0)
        refit, saw = left.beliefs(data.design[~others]), whole.beliefs(data.design[~others])
        moved = float((refit.mean - saw.mean).abs().max())
        moved_most = max(moved_most, moved)
        assert float((told.mean[~others] - refit.mean).abs().max()) < 0.35 * moved + 0.01, g
        assert torch.allclose(told.epistemic[~others].sqrt(), refit.epistemic.sqrt(), rtol=0.5, atol=0.01), g
    assert moved_most > 0.02  # leaving one out does move the prediction, so the test can fail


def test_replicates_are_held_out_together():
    data = training(6, WRONG_CONSTANTS, replicates=2)
    told = FittedMechanism().fit(data, seed=0).held_out()
    assert torch.equal(told.mean[0::2], told.mean[1::2])


@pytest.mark.parametrize("contestant", [FittedMechanism(), FittedMechanismResidual()], ids=lambda one: one.name)
def test_draws_have_the_mean_and_spread_of_the_beliefs_and_readings_more(contestant):
    fitted = contestant.fit(training(10, WRONG_CONSTANTS, noise=0.3), seed=0)
    design = torch.rand(5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    told = fitted.beliefs(design)
    for of in ("state", "reading"):
        drawn = fitted.draws(design, 4000, seed=3, of=of)
        assert drawn.shape == (4000, 5, 7, 2)
        sd = told.variance(of).sqrt()
        assert torch.allclose(drawn.mean(dim=0), told.mean, atol=0.06 * float(sd.max()))
        assert torch.allclose(drawn.std(dim=0), sd, rtol=0.15, atol=0.02 * float(sd.max())), of
    assert torch.equal(fitted.draws(design, 3, seed=3), fitted.draws(design, 3, seed=3))


def test_ninety_per_cent_intervals_of_readings_hold_ninety_per_cent():
    hits = []
    for seed in range(6):
        fitted = FittedMechanism().fit(training(12, WRONG_CONSTANTS, seed=seed, noise=0.2), seed=0)
        fresh = training(40, WRONG_CONSTANTS, seed=100 + seed, noise=0.2)
        told = fitted.beliefs(fresh.design)
        inside = (fresh.values - told.mean).abs() < 1.645 * told.variance("reading").sqrt()
        hits.append(inside[torch.isfinite(fresh.values)].double().mean())
    assert 0.87 < float(torch.stack(hits).mean()) < 0.93


def test_without_a_mechanism_it_does_not_compete():
    data = training(12, None)
    assert "no mechanism" in (FittedMechanism().why_not(data) or "")
    assert "no mechanism" in (FittedMechanismResidual().why_not(data) or "")
