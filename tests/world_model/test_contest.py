"""Who may compete: held-out predictions must be complete, and must not have met what they predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from world_model.contestants.plain import fit_plain
from world_model.contestants.registry import contestants, is_own
from world_model.contract import Belief, Capabilities, Training
from world_model.fit import fit_world_model
from world_model.judge import Verdict
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="dose", low=0, high=1),))


@dataclass(frozen=True)
class FittedReplay:
    """Answers with the nearest training row; `told` is what it claims to have held out."""

    training: Training
    told: torch.Tensor

    @property
    def capabilities(self):
        return Capabilities()

    def _sure(self, mean):
        return Belief(mean=mean, epistemic=torch.full_like(mean, 1e-8), aleatoric=torch.full_like(mean, 1e-8))

    def beliefs(self, design):
        return self._sure(self.training.values[torch.cdist(design, self.training.design).argmin(dim=1)])

    def draws(self, design, n, *, seed, of="state"):
        return self.beliefs(design).mean.expand(n, -1, -1, -1)

    def held_out(self):
        return self._sure(self.told)


@dataclass(frozen=True)
class Replay:
    """Hands back what it has read; with a cutoff it keeps silent about high doses."""

    name: str = "replay"
    silent_above: float = 2.0

    def why_not(self, training):
        return None

    def fit(self, training, *, seed, progress=None):
        silent = training.design[:, :1, None] > self.silent_above
        return FittedReplay(training, torch.where(silent, torch.nan, training.values))


@dataclass(frozen=True)
class Middle:
    name: str = "middle"

    def why_not(self, training):
        return None

    def fit(self, training, *, seed, progress=None):
        return fit_plain(_middle, training, seed=seed)


def _middle(training):
    middle = training.values.nanmedian(dim=0).values
    return lambda design: middle.expand(len(design), *middle.shape)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    dose = rng.uniform(0, 1, 30)
    values = (np.sin(6 * dose) + 0.1 * rng.normal(size=30))[:, None, None]
    return Dataset(
        ids=tuple(map(str, range(30))), settings={"dose": dose}, roles=("candidate",) * 30, blocks=("1",) * 30, times_h=np.array([np.nan]),
        variables=("od",), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip


def test_one_that_hands_back_what_it_has_read_does_not_compete(data):
    verdict = fit_world_model(SPACE, data, seed=0, contestants=("wide", "mean", Replay()), purpose="forecast").verdict
    assert verdict.picked == "wide"
    assert "have not met the readings" in verdict.failed["replay"] and "replay" not in verdict.scores


@pytest.mark.parametrize("silent_above", [0.5, -1.0])
def test_one_that_keeps_silent_about_some_readings_does_not_compete(data, silent_above):
    """In the first place of the prior order a missing score would stand, for nothing beats it."""
    verdict = fit_world_model(SPACE, data, seed=0, contestants=(Replay(silent_above=silent_above), "wide", "mean"), purpose="forecast").verdict
    assert verdict.picked == "wide" and np.isfinite(list(verdict.scores.values())).all()
    assert "of every reading" in verdict.failed["replay"]


def test_an_honest_contestant_of_another_package_competes(data):
    verdict = fit_world_model(SPACE, data, seed=0, contestants=("mean", Middle())).verdict
    assert not verdict.failed and "middle" in verdict.scores


def test_our_own_are_known_by_kind():
    assert all(is_own(one) for one in contestants().values()) and not is_own(Middle())


@dataclass(frozen=True)
class Broken(Middle):
    name: str = "broken"

    def fit(self, training, *, seed, progress=None):
        raise NextwellError("Expected a solver, found none.")


@pytest.mark.parametrize("picked", ["broken", "one that was uninstalled"])
def test_a_standing_verdict_that_can_not_be_carried_out_is_judged_again(data, picked):
    standing = Verdict(picked=picked, scores={}, lead={}, n_records=30, n_interventions=30, level=1, why="")
    verdict = fit_world_model(SPACE, data, seed=0, contestants=("linear", "mean", Broken()), previous=standing).verdict
    assert verdict.picked == "linear" and set(verdict.failed) == {"broken"}
