"""Does adding synthetic rows to few real ones help? Judged on real interventions that neither the model nor the maker has seen.

What a model makes of data holds nothing that the data did not (the data-processing inequality; Cover & Thomas 2006, section 2.8): rows
drawn from the same model can at best do no harm. Rows from a mechanism can help, for a mechanism knows what the data don't.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import torch
from torch import Tensor

from .certify.split import folds
from .contestants.registry import named
from .contract import Contestant, Progress, Training
from .fit import fit_training
from .judge import FEW_INTERVENTIONS
from .scores import gaussian_crps
from .terms.errors import ResultsError

Answer = Literal["helps", "no gain", "hurts"]
HELPS_BY = 2.0  # standard errors; to help is the claim that costs most when it is wrong
HURTS_BY = 1.0


class Maker(Protocol):
    """Makes synthetic rows from training rows alone."""

    @property
    def name(self) -> str: ...

    @property
    def knows_more(self) -> bool:
        """Whether it knows anything that the training rows don't say."""
        ...

    def make(self, training: Training, design: Tensor, *, seed: int) -> Tensor:
        """`n x t x y` readings of designs `n x d`."""
        ...


@dataclass(frozen=True)
class ModelMaker:
    """The model itself: fitted to the training rows, then drawn from with the reader's noise."""

    contestant: str | Contestant = "wide"
    knows_more: bool = False

    @property
    def name(self) -> str:
        return f"the {self.contestant if isinstance(self.contestant, str) else self.contestant.name} model itself"

    def make(self, training: Training, design: Tensor, *, seed: int) -> Tensor:
        """One hypothesis, drawn at all designs."""
        world = fit_training(training, seed=seed, contestants=(self.contestant,))
        return world.posterior_at(design).draws(1, seed, of="reading")[0]


@dataclass(frozen=True)
class MechanismMaker:
    """The mechanism that the training set holds, with noise of a share of each observable's sd."""

    noise: float = 0.05
    knows_more: bool = True

    @property
    def name(self) -> str:
        return "the mechanism"

    def make(self, training: Training, design: Tensor, *, seed: int) -> Tensor:
        """Its simulations.

        Raises:
            ResultsError: the training set has no mechanism.
        """
        if training.simulated is None:
            raise ResultsError("Expected a training set with a mechanism, found none. Give the campaign a [mechanism].")
        told = training.simulated.at(design)
        return told + self.noise * training.scale * torch.randn(told.shape, generator=torch.Generator().manual_seed(seed), dtype=told.dtype)


@dataclass(frozen=True)
class SyntheticGuard:
    """What was found.

    Attributes:
        answer: `helps` by two standard errors, `hurts` by one, else `no gain`; never `helps` where the maker knows no more than the data.
        real_crps, mixed_crps: mean scaled CRPS of held-out readings, learned from real rows alone and with synthetic ones (smaller is better).
        difference: real less mixed: positive where synthetic rows help. `standard_error` is paired by held-out intervention.
    """

    answer: Answer
    maker: str
    real_crps: float
    mixed_crps: float
    difference: float
    standard_error: float
    n_interventions: int
    n_synthetic: int
    why: str


def guard_synthetic(
    training: Training, maker: Maker, *, design: Tensor, seed: int, contestant: str | Contestant = "wide", progress: Progress | None = None
) -> SyntheticGuard:
    """Compare learning from real rows with learning from real and synthetic ones, both judged on held-out real interventions.

    Args:
        design: `m x d`, where synthetic rows are made; in each fold the maker sees the training part alone.
        contestant: the model that learns.

    Raises:
        ResultsError: fewer distinct interventions than can be judged by.
    """
    if training.n_interventions < FEW_INTERVENTIONS:
        raise ResultsError(f"Expected at least {FEW_INTERVENTIONS} distinct interventions to judge synthetic rows by, found {training.n_interventions}.")
    learner = named([contestant])[0]
    scores: dict[str, list[Tensor]] = {"real": [], "mixed": []}
    for i, split in enumerate(folds(training, seed=seed)):
        if progress:
            progress(f"judging synthetic rows on held-out interventions, part {i + 1}")
        seen, unseen = training.take(split.train), training.take(split.test)
        mixed = with_synthetic(seen, design, maker.make(seen, design, seed=seed + i))
        for name, part in (("real", seen), ("mixed", mixed)):
            told = learner.fit(part, seed=seed).beliefs(unseen.design)
            crps = gaussian_crps(told.mean, told.variance("reading").sqrt(), unseen.values) / training.scale
            by_row = crps.flatten(1).nanmean(dim=1)
            scores[name].append(torch.stack([by_row[unseen.groups == group].nanmean() for group in torch.unique(unseen.groups)]))
    real, with_more = torch.cat(scores["real"]), torch.cat(scores["mixed"])
    gain = (real - with_more)[torch.isfinite(real - with_more)]
    error = float(gain.std() / len(gain) ** 0.5)
    return _judged(maker, gain=float(gain.mean()), error=error, real=float(real.nanmean()), mixed=float(with_more.nanmean()), n=len(gain), made=len(design))


def with_synthetic(training: Training, design: Tensor, values: Tensor) -> Training:
    """A training set with synthetic rows after its own; every one is an intervention of its own, on the plates of the real ones."""
    n = len(design)
    first = int(training.groups.max()) + 1
    return replace(
        training, design=torch.cat([training.design, design]), values=torch.cat([training.values, values]),
        flags=torch.cat([training.flags, torch.zeros(values.shape, dtype=training.flags.dtype)]),
        groups=torch.cat([training.groups, torch.arange(first, first + n, dtype=training.groups.dtype)]),
        blocks=(*training.blocks, *(training.blocks[i % len(training)] for i in range(n))), roles=(*training.roles, *("candidate",) * n),
    )  # fmt: skip


def _judged(maker: Maker, *, gain: float, error: float, real: float, mixed: float, n: int, made: int) -> SyntheticGuard:
    answer: Answer = "helps" if gain > HELPS_BY * error else "hurts" if gain < -HURTS_BY * error else "no gain"
    figures = f"CRPS {real:.3f} of an sd without and {mixed:.3f} with {made} rows of {maker.name} (gain {gain:+.4f} ± {error:.4f}, {n} held-out interventions)"
    why = f"{answer}: {figures}."
    if answer == "helps" and not maker.knows_more:
        answer = "no gain"
        why = f"no gain: {figures}. Rows of a model that was learned from these data hold nothing that the data do not; what looks like a gain is chance or a milder fit."
    return SyntheticGuard(
        answer=answer, maker=maker.name, real_crps=real, mixed_crps=mixed, difference=gain, standard_error=error, n_interventions=n, n_synthetic=made, why=why,
    )  # fmt: skip
