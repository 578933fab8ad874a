"""A system whose truth is a formula, records of it with replicates, and models that pretend."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from world_model.certify.recipe import Predictor, Recipe, with_shuffled_actions
from world_model.contract import Of, Progress, Training
from world_model.posterior import MeanSd
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=tuple(Continuous(name=name, unit="mM", low=0, high=1) for name in ("carbon", "inducer")))
HOURS = np.array([0.0, 2.0, 6.0])
GOAL = Goal(readout="od")
NOISE = 0.05


def truth(design: np.ndarray) -> np.ndarray:
    """`n x 3 x 1`: saturating growth; carbon sets the rate, the inducer the yield."""
    rate, top = 0.2 + 0.8 * design[:, :1], 1 + 2 * design[:, 1:]
    return (0.1 + top * (1 - np.exp(-rate * HOURS)))[:, :, None]


def records(design: np.ndarray, *, seed: int = 0, wells: int = 2, plates: int = 1, noise: float = NOISE) -> Training:
    """Each design in `wells` wells, dealt out over plates in turn."""
    spread = np.repeat(design, wells, axis=0)
    values = truth(spread) + noise * np.random.default_rng(seed).standard_normal((len(spread), 3, 1))
    data = Dataset(
        ids=tuple(map(str, range(len(spread)))), settings={"carbon": spread[:, 0], "inducer": spread[:, 1]}, roles=("candidate",) * len(spread),
        blocks=tuple(f"plate {(i // wells) % plates}" for i in range(len(spread))), times_h=HOURS, variables=("od",), values=values,
        flags=np.zeros(values.shape, dtype=int),
    )  # fmt: skip
    return Training.of(SPACE, data, goals=[GOAL])


def spread(n: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(n, 2))


@dataclass(frozen=True)
class Told:
    """A predictor that changes what another says."""

    other: Predictor
    narrower: float = 1.0

    def mean_sd(self, design: Tensor, *, of: Of) -> MeanSd:
        told = self.other.mean_sd(design, of=of)
        return MeanSd(mean=told.mean, sd=told.sd / self.narrower)

    def draws(self, design: Tensor, n: int, *, seed: int) -> Tensor:
        drawn = self.other.draws(design, n, seed=seed)
        centre = drawn.mean(dim=0)
        return centre + (drawn - centre) / self.narrower


@dataclass(frozen=True)
class Overconfident:
    """Another recipe whose intervals are three times too narrow."""

    other: Recipe
    name: str = "overconfident"

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> Predictor:
        return Told(self.other.fit(training, seed=seed), narrower=3.0)


@dataclass(frozen=True)
class Shuffling:
    """Another recipe that learns from actions that were dealt out at random."""

    other: Recipe
    name: str = "shuffling"

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> Predictor:
        return self.other.fit(with_shuffled_actions(training, seed=seed + 99), seed=seed)


@dataclass(frozen=True)
class Lookup:
    """Answers with the mean reading of the nearest design in its memory."""

    design: Tensor
    values: Tensor
    sd: float

    def mean_sd(self, design: Tensor, *, of: Of) -> MeanSd:
        apart = torch.cdist(design, self.design)
        mean = torch.stack([self.values[row <= row.min() + 1e-9].mean(dim=0) for row in apart])
        return MeanSd(mean=mean, sd=torch.full_like(mean, self.sd))

    def draws(self, design: Tensor, n: int, *, seed: int) -> Tensor:
        told = self.mean_sd(design, of="state")
        generator = torch.Generator().manual_seed(seed)
        return told.mean + 0.1 * told.sd * torch.randn(n, *told.mean.shape, generator=generator, dtype=torch.double)


@dataclass(frozen=True)
class Memory:
    """Remembers what it was fitted to; with `answers`, remembers those whatever it is given to learn from."""

    answers: Training | None = None
    sd: float = NOISE
    name: str = "memory"

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> Predictor:
        known = self.answers or training
        return Lookup(design=known.design, values=known.values, sd=self.sd)


@pytest.fixture(scope="session")
def training() -> Training:
    return records(spread(30))


@pytest.fixture(scope="session")
def cases() -> SimpleNamespace:
    """The builders of this file, for tests that draw their own records."""
    return SimpleNamespace(
        records=records, spread=spread, truth=truth, Overconfident=Overconfident, Shuffling=Shuffling, Memory=Memory, GOAL=GOAL, NOISE=NOISE, HOURS=HOURS
    )
