"""What a batch is worth: by how much the value that is recommended in the end gets better, in the readout's own unit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from world_model.chance import stream
from world_model.fit import WorldModel
from world_model.terms.goals import Goal

from .joint import joint_of

OUTCOMES = 4096
MOST_COMPARED = 256  # measured conditions that may still be recommended


@dataclass(frozen=True)
class Gain:
    """`drawn` `s`: gains under as many outcomes of the batch; below zero where results talk down what is recommended now."""

    drawn: Tensor

    @property
    def mean(self) -> float:
        """Expected gain; never below zero but by the draws' own error."""
        return float(self.drawn.mean())

    def quantile(self, share: float) -> float:
        """Of the gains."""
        return float(self.drawn.quantile(share))

    def below(self, gain: float) -> float:
        """The probability of a smaller gain."""
        return float((self.drawn < gain).double().mean())


def gain_of(world: WorldModel, goal: Goal, *, measured: Tensor, batch: Tensor, wells: Tensor | None = None, seed: int, stretch: float = 1.0) -> Gain:
    """The gain of a batch.

    What is recommended is the measured condition with the best believed mean; after the batch its conditions compete too, with what
    their results will have taught. The distribution of the means after the batch is known before it (preposterior analysis), so no
    outcome is simulated by refitting.

    Args:
        measured: `m x d`, distinct designs with readings.
        batch: `q x d`, distinct designs.
        wells: `q`, how often each is done; once, where nothing is told.
        stretch: of the model's own sd.

    Source: preposterior analysis, Raiffa & Schlaifer (1961); for Gaussian processes the knowledge gradient, Frazier, Powell & Dayanik
        (2009), of a batch: Wu & Frazier (2016); here over what is or will have been measured.
    """
    if len(measured) > MOST_COMPARED:
        told = world.posterior_at(measured).readout(goal, seed=seed)
        measured = measured[(goal.score(told.mean) + 2 * told.sd).topk(MOST_COMPARED).indices]
    belief = joint_of(world, goal, torch.cat([measured, batch]), seed=seed, stretch=stretch)
    q = len(batch)
    noise = belief.noise[-q:] / (torch.ones(q, dtype=torch.double) if wells is None else wells)
    seen = belief.covariance[-q:, -q:] + torch.diag(noise)
    across = torch.linalg.solve_triangular(psd_safe_cholesky(seen), belief.covariance[-q:], upper=False)
    moves = torch.randn(OUTCOMES, q, generator=stream(seed, "outcomes of the next batch"), dtype=torch.double)
    after = belief.mean + moves @ across
    return Gain(drawn=after.max(dim=1).values - belief.mean[: len(measured)].max())
