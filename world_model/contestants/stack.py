"""A stack: several contestants at once, each with the weight that its held-out predictions earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..contract import Belief, Capabilities, Fitted, Of, Training

STACK = "stack"  # its name in verdicts
_SWEEPS = 500
LEAST_WEIGHT = 0.02  # a member below this is left out: it would cost time and say nothing


@dataclass(frozen=True)
class Stack:
    """A mixture of fitted contestants.

    Attributes:
        names: of the members.
        weights: one a member, sum 1.
        told: the members' held-out beliefs.
    """

    names: tuple[str, ...]
    members: tuple[Fitted, ...]
    weights: Tensor
    told: tuple[Belief, ...]

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def beliefs(self, design: Tensor) -> Belief:
        """Mean and variances of the mixture: what the members disagree about is epistemic."""
        return mixed([member.beliefs(design) for member in self.members], self.weights)

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """Each draw is one member's, members in proportion to their weights, in an order that `seed` shuffles."""
        counts = _shares(self.weights, n, seed=seed)
        drawn = [member.draws(design, count, seed=seed, of=of) for member, count in zip(self.members, counts, strict=True) if count]
        joined = torch.cat(drawn)
        return joined[torch.randperm(len(joined), generator=torch.Generator().manual_seed(seed))]

    def held_out(self) -> Belief:
        """The mixture of the members' held-out beliefs; the few weights were learned from the same records."""
        return mixed(self.told, self.weights)


def mixed(beliefs: Sequence[Belief], weights: Tensor) -> Belief:
    """The first two moments of a mixture."""
    share = weights.reshape(-1, 1, 1, 1)
    means = torch.stack([belief.mean for belief in beliefs])
    mean = (share * means).sum(dim=0)
    within = torch.stack([belief.epistemic for belief in beliefs])
    return Belief(
        mean=mean, epistemic=(share * (within + (means - mean).square())).sum(dim=0),
        aleatoric=(share * torch.stack([belief.aleatoric for belief in beliefs])).sum(dim=0),
    )  # fmt: skip


def stacking_weights(told: Sequence[Belief], training: Training, *, rows: Tensor | None = None) -> Tensor:
    """One weight a contestant, sum 1: those that maximise the mean log score of the mixture on held-out readings.

    Found by expectation-maximisation, which never lowers the score.

    Args:
        rows: `n` mask of the records that count; None for all.

    Source: Yao, Vehtari, Simpson & Gelman (2018), Bayesian Analysis 13:917.
    """
    known = torch.isfinite(training.as_read)
    if rows is not None:
        known = known & rows[:, None, None]
    for belief in told:
        known = known & torch.isfinite(belief.mean)
    logs = torch.stack([
        torch.distributions.Normal(belief.mean[known], belief.variance("reading")[known].clamp_min(1e-24).sqrt()).log_prob(training.values[known]) for belief in told
    ])  # fmt: skip
    weights = torch.full((len(told),), 1.0 / len(told), dtype=torch.double)
    for _ in range(_SWEEPS):
        earned = torch.softmax(logs + weights.clamp_min(1e-300).log().unsqueeze(-1), dim=0).mean(dim=1)
        done = float((earned - weights).abs().max()) < 1e-6
        weights = earned
        if done:
            break
    weights = torch.where(weights < LEAST_WEIGHT, 0.0, weights)
    return weights / weights.sum()


def _shares(weights: Tensor, n: int, *, seed: int) -> list[int]:
    """`n` split in proportion to the weights, each within one of its exact share, fairly over seeds (systematic resampling; Kitagawa 1996)."""
    offset = torch.rand(1, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    edges = (weights.cumsum(0) * n + offset).floor()
    edges[-1] = n  # rounding of the sum must lose none
    return edges.diff(prepend=edges.new_zeros(1)).clamp_min(0).long().tolist()
