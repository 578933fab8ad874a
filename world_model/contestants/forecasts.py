"""What members forecast, and what is believed on their word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ..contract import Belief, Capabilities, Of

_PRIOR_MEMBERS = 2  # what a row's spread of few members is shrunk by, towards that of all rows at that time


@dataclass(frozen=True)
class Forecasts:
    """`mean` of the state and `variance` of a reading about it, both `m x n x t x y`."""

    mean: Tensor
    variance: Tensor

    def take(self, members: Tensor) -> Forecasts:
        """Some members'."""
        return Forecasts(mean=self.mean[members], variance=self.variance[members])

    def belief(self) -> Belief:
        """Epistemic: spread of the members' means (none of one member); aleatoric: mean of their variances."""
        mean = self.mean.mean(dim=0)
        spread = self.mean.var(dim=0) if len(self.mean) > 1 else torch.zeros_like(mean)
        return Belief(mean=mean, epistemic=spread, aleatoric=self.variance.mean(dim=0))


class Members(Protocol):
    """Networks that forecast; the function of a design alone."""

    def __call__(self, design: Tensor) -> Forecasts: ...


@dataclass(frozen=True)
class FittedMembers:
    """A fitted ensemble.

    Attributes:
        members: designs → what each member forecasts.
        training_design: `n x d`.
        fold: `n`, of the training rows; `left_out`: `m`, the fold that a member never saw.
    """

    members: Members
    training_design: Tensor
    fold: Tensor
    left_out: Tensor

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def beliefs(self, design: Tensor) -> Belief:
        """Of all members together."""
        return self.members(design).belief()

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """One member is one world (Chua et al. 2018: TS-infinity); members are dealt out evenly."""
        generator = torch.Generator().manual_seed(seed)
        told = self.members(design)
        members = len(self.left_out)
        who = torch.cat([torch.randperm(members, generator=generator) for _ in range(-(-n // members))])[:n]
        states = told.mean[who]
        if of == "state":
            return states
        return states + told.variance[who].sqrt() * torch.randn(states.shape, generator=generator, dtype=states.dtype)

    def held_out(self) -> Belief:
        """Each row by the members that never saw its intervention.

        These are few, and the spread of two has one degree of freedom: it is shrunk towards its mean over the rows of the fold, at each
        time and observable. (Rows of other folds would not do: their members saw this row.)
        """
        told = self.members(self.training_design)
        mean, epistemic, aleatoric = (torch.full_like(told.mean[0], torch.nan) for _ in range(3))
        for k in self.left_out.unique().tolist():
            rows, unseen = self.fold == k, told.take(self.left_out == k)
            part = unseen.belief().take(rows)
            own = len(unseen.mean) - 1
            mean[rows], aleatoric[rows] = part.mean, part.aleatoric
            epistemic[rows] = (_PRIOR_MEMBERS * part.epistemic.mean(dim=0) + own * part.epistemic) / (_PRIOR_MEMBERS + own)
        return Belief(mean=mean, epistemic=epistemic, aleatoric=aleatoric)
