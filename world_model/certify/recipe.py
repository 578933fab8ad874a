"""What is certified: a recipe that is fitted anew to each part of the records, and asked about what it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ..contract import Contestant, Of, Progress, Training
from ..fit import Purpose, WorldModel, fit_training
from ..posterior import MeanSd


@runtime_checkable
class Predictor(Protocol):
    """What a fitted recipe must answer. `TrajectoryPosterior` gives both."""

    def mean_sd(self, design: Tensor, *, of: Of) -> MeanSd:
        """`n x t x y` at designs `n x d`."""
        ...

    def draws(self, design: Tensor, n: int, *, seed: int) -> Tensor:
        """`s x n x t x y` draws of the state; draw i is one hypothesis shared by all designs."""
        ...


@runtime_checkable
class Recipe(Protocol):
    """A way from a training set to predictions. It is given nothing but the training set."""

    @property
    def name(self) -> str: ...

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> Predictor: ...


@dataclass(frozen=True)
class _Answers:
    world: WorldModel

    def mean_sd(self, design: Tensor, *, of: Of) -> MeanSd:
        return self.world.posterior_at(design).mean_sd(of=of)

    def draws(self, design: Tensor, n: int, *, seed: int) -> Tensor:
        return self.world.posterior_at(design).draws(n, seed)


@dataclass(frozen=True)
class Judged:
    """What a campaign uses: the contestants compete, the judge picks, the calibrator stretches; all within the training set.

    Attributes:
        contestants: who competes; empty for all that can.
        purpose: as for `fit_training`.
    """

    contestants: Sequence[str | Contestant] = ()
    purpose: Purpose = "plan"

    @property
    def name(self) -> str:
        names = [one if isinstance(one, str) else one.name for one in self.contestants]
        return names[0] if len(names) == 1 else f"the judge's choice ({', '.join(names) or f'all contestants that {self.purpose}'})"

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> Predictor:
        """Raises as `fit_training` does."""
        return _Answers(fit_training(training, seed=seed, contestants=self.contestants, purpose=self.purpose, progress=progress))


def with_shuffled_actions(training: Training, *, seed: int) -> Training:
    """The same records, their actions dealt out at random between interventions; replicates stay together.

    No intervention keeps its own action: the deal is one cycle through all of them.
    """
    unique, member = torch.unique(training.groups, return_inverse=True)
    first = torch.stack([torch.nonzero(member == g).flatten()[0] for g in range(len(unique))])
    order = torch.randperm(len(unique), generator=torch.Generator().manual_seed(seed))
    dealt = torch.empty_like(order)
    dealt[order] = order.roll(1)
    return replace(training, design=training.design[first][dealt][member])
