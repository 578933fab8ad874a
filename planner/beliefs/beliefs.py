"""All that is believed of a design beside the world model, as one weight: chance that it can be done, and where the best is thought to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from world_model.chance import stream
from world_model.encoding import Encoder
from world_model.fit import WorldModel
from world_model.terms.goals import Goal
from world_model.terms.priors import Prior
from world_model.terms.readings import Dataset

from ..pool import Pool
from .feasible import Feasible
from .optimum import Hunch, agreement, near_some

LIKELY = 0.5  # chance from which a point may be taken by what knows no chances: space-filling, and acquisitions that are no logarithm
_TOLD_BELOW = 0.9


@dataclass(frozen=True)
class Beliefs:
    """Attributes:
    feasible: where experiments can be done; None while nothing has failed.
    hunches: where the best is thought to be.
    exponents: of each hunch, how much it counts now; empty before there is a model.
    n_read: distinct interventions with a reading.
    """

    feasible: Feasible | None = None
    hunches: tuple[Hunch, ...] = ()
    exponents: tuple[float, ...] = ()
    agreements: tuple[float, ...] = field(default=())
    n_read: int = 0

    @classmethod
    def of(cls, encoder: Encoder, data: Dataset, priors: Sequence[Prior]) -> Beliefs | None:
        """None where nothing is believed: then nothing is weighed."""
        feasible = Feasible.of(encoder, data)
        if feasible is None and not priors:
            return None
        read = np.isfinite(data.values).any(axis=(1, 2)) if len(data) else np.zeros(0, dtype=bool)
        return cls(feasible=feasible, hunches=tuple(Hunch.of(encoder, prior) for prior in priors), n_read=len(np.unique(data.groups()[read])))

    def after(self, world: WorldModel, goals: Sequence[Goal], design: Tensor, *, seed: int) -> Beliefs:
        """The same, with each hunch weighed by the evidence: its worth over the interventions read, less where the readings speak against it.

        Source: Hvarfner et al. (2022), PiBO, for the decay with the number of experiments.
        """
        told = tuple(agreement(world, goals, hunch, design, seed=seed) for hunch in self.hunches)
        return replace(self, agreements=told, exponents=tuple(share * hunch.worth / max(self.n_read, 1) for share, hunch in zip(told, self.hunches, strict=True)))

    def in_turn(self, turn: int) -> Beliefs:
        """For the experiment of that number: hunches have a say in every second one, so that a wrong one costs at most half of them."""
        return self if turn % 2 == 0 else replace(self, exponents=())

    def log_weight(self, design: Tensor) -> Tensor:
        """`…`: of designs `… x d`, added to the logarithm of what they are worth."""
        total = design.new_zeros(design.shape[:-1])
        if self.feasible is not None:
            total = total + self.feasible.log_chance(design)
        for hunch, exponent in zip(self.hunches, self.exponents, strict=False):
            total = total + exponent * hunch.log_weight(design)
        return total

    def in_draw(self, value: Tensor, design: Tensor, *, seed: int, taken: Tensor) -> Tensor:
        """What designs `c x d` are worth under one draw of the world, `c`: those that this draw can't do are out, hunches count in its spread.

        Args:
            taken: `c` flags, designs that other draws have chosen.

        A draw's threshold is uniform, and what is likelier than it can be done: over many draws each design is done as often as its chance.
        """
        spread = value[torch.isfinite(value)].std().nan_to_num(0.0)
        for hunch, exponent in zip(self.hunches, self.in_turn(seed).exponents, strict=False):
            value = value + spread * exponent * hunch.log_weight(design)
        if self.feasible is None:
            return value
        chance = self.feasible.chance(design)
        threshold = float(torch.rand((), generator=stream(seed, "what can be done"), dtype=torch.double))
        left = ~taken & torch.isfinite(value)  # a draw's broken constraints have ruled others out already
        if not left.any():
            return value
        out = chance < min(threshold, float(chance[left].max()))
        return torch.where(out, -torch.inf, value)

    def workable(self, pool: Pool, *, n: int) -> Pool:
        """The part of a pool that can likely be done, or the `n` likeliest where there are fewer."""
        if self.feasible is None or not len(pool):
            return pool
        chance = self.feasible.chance(pool.design)
        keep = chance >= LIKELY
        if int(keep.sum()) < n:
            keep = torch.zeros_like(keep)
            keep[chance.argsort(descending=True, stable=True)[:n]] = True
        return replace(pool.take(keep), exhaustive=pool.exhaustive)

    def thought_best(self, pool: Pool) -> Pool:
        """The part of a pool that lies near some hunch."""
        return replace(pool.take(near_some(self.hunches, pool.design)), exhaustive=pool.exhaustive)

    @property
    def told(self) -> str:
        """For the strategy; empty where nothing weighs."""
        parts = []
        if self.feasible is not None:
            parts.append(f"what may fail is avoided (learned from {self.feasible.n_failed} failed)")
        for exponent, share in zip(self.exponents, self.agreements, strict=True):
            against = f", the readings speak against it: {share:.0%} of that" if share < 0.995 else ""
            parts.append(f"a prior on the best weighs {exponent:.2g}{against}")
        return "; ".join(parts)

    def doubts(self, design: Tensor) -> list[str]:
        """Of each of `n` designs, a sentence where it may well fail; else empty."""
        if self.feasible is None:
            return [""] * len(design)
        return [f" May fail: {chance:.0%} likely to work." if chance < _TOLD_BELOW else "" for chance in self.feasible.chance(design).tolist()]
