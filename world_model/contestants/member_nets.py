"""Networks of many members side by side: one tensor holds all members' weights, so that one multiplication serves them all.

Nothing crosses from member to member: gradients are clipped, and the best weights kept, for each of its own. A member that is trained
without some runs knows nothing of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

MEMBER_DTYPE = torch.float32  # enough for weights; what comes out is double again
_CLIP = 1.0  # largest norm of a member's gradient
_CHECKS = 10  # times in a training at which the held-back runs are looked at


@dataclass(frozen=True)
class Nets:
    """Attributes:
    weights: one `m x in x out` tensor a layer; the last bias row is part of it (`in + 1`).
    skip: `m x (in + 1) x out`, a linear map beside the hidden layers.
    """

    weights: tuple[Tensor, ...]
    skip: Tensor

    @classmethod
    def of(cls, sizes: Sequence[int], *, members: int, generator: torch.Generator) -> Nets:
        """Random hidden layers; what they give is small at first, and the linear map is zero.

        Args:
            sizes: inputs, hidden …, outputs.
        """
        layers = []
        for i, (a, b) in enumerate(pairwise(sizes)):
            layer = torch.randn(members, a + 1, b, generator=generator, dtype=MEMBER_DTYPE) / math.sqrt(a)
            layer[:, -1] *= 0.3
            layers.append(layer * (0.1 if i == len(sizes) - 2 else 1.0))
        return cls(weights=tuple(layers), skip=torch.zeros(members, sizes[0] + 1, sizes[-1], dtype=MEMBER_DTYPE))

    @property
    def inputs(self) -> int:
        """How many numbers they take."""
        return self.skip.shape[1] - 1

    @property
    def tensors(self) -> list[Tensor]:
        return [*self.weights, self.skip]

    @classmethod
    def from_tensors(cls, tensors: Sequence[Tensor]) -> Nets:
        """The inverse of `tensors`."""
        return cls(weights=tuple(tensors[:-1]), skip=tensors[-1])

    def take(self, members: Tensor) -> Nets:
        """Some members."""
        return Nets.from_tensors([tensor[members] for tensor in self.tensors])

    def __call__(self, x: Tensor) -> Tensor:
        """`m x b x in` → `m x b x out`."""
        return self.unrolled(own=x.shape[-1]).step(x, 0.0)

    def unrolled(self, *, own: int) -> Unrolled:
        """For many steps with one set of weights: the first `own` inputs change with each step, the others are known beforehand."""
        first = torch.cat([self.weights[0], self.skip], dim=-1)
        return Unrolled(
            changing=first[:, :own], known=first[:, own:-1], bias=first[:, -1:], width=self.weights[0].shape[-1],
            later=tuple((layer[:, :-1], layer[:, -1:]) for layer in self.weights[1:]),
        )  # fmt: skip


@dataclass(frozen=True)
class Unrolled:
    """Networks cut for repeated use: the first layer and the linear map side by side, weights and biases apart."""

    changing: Tensor
    known: Tensor
    bias: Tensor
    width: int
    later: tuple[tuple[Tensor, Tensor], ...]

    def ahead(self, inputs: Tensor) -> Sequence[Tensor]:
        """What known inputs `m x b x t x v` give to each of the `t` steps, all at once: `t` tensors."""
        told = torch.baddbmm(self.bias, inputs.flatten(1, 2), self.known).unflatten(1, inputs.shape[1:3])
        return told.unbind(dim=2)

    def step(self, state: Tensor, ahead: Tensor | float) -> Tensor:
        """`m x b x own` and what was told ahead → `m x b x out`."""
        both = torch.baddbmm(self.bias if isinstance(ahead, float) else ahead, state, self.changing)
        hidden, straight = both[..., : self.width], both[..., self.width :]
        for weight, bias in self.later:
            hidden = torch.baddbmm(bias, torch.nn.functional.silu(hidden), weight)
        return hidden + straight


Loss = Callable[[Sequence[Tensor], Tensor], Tensor]


def train(
    start: Sequence[Tensor], loss: Loss, *, chances: Tensor, held_back: Tensor, batch: int, updates: int, rate: float, generator: torch.Generator,
    decay: float = 1e-4,
) -> list[Tensor]:  # fmt: skip
    """Adam on all members at once; each keeps the weights that were best on its own held-back runs.

    Args:
        start: tensors whose first axis is the member.
        loss: tensors, rows `m x b` → `m`.
        chances: `m x n`, how likely each member draws each run; 0 for runs that it must not see.
        held_back: `m x v` rows that it is judged by, not trained on.
        batch: `b`, runs an update.
        decay: weight decay, decoupled.
    """
    tensors = [tensor.clone().requires_grad_(True) for tensor in start]
    optimiser = torch.optim.AdamW(tensors, lr=rate, weight_decay=decay)
    best = [tensor.detach().clone() for tensor in tensors]
    with torch.no_grad():
        lowest = loss(tensors, held_back).nan_to_num(torch.inf)
    every = max(1, updates // _CHECKS)
    for update in range(1, updates + 1):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, update / (0.05 * updates + 1)) * 0.5 * (1 + math.cos(math.pi * update / (updates + 1)))
        rows = torch.multinomial(chances, batch, replacement=True, generator=generator)
        optimiser.zero_grad()
        told = loss(tensors, rows)
        torch.nan_to_num(told, nan=0.0, posinf=0.0).sum().backward()
        _clip(tensors)
        optimiser.step()
        if update % every == 0 or update == updates:
            with torch.no_grad():
                now = loss(tensors, held_back).nan_to_num(torch.inf)
                better = now < lowest
                lowest = torch.where(better, now, lowest)
                for kept, tensor in zip(best, tensors, strict=True):
                    kept[better] = tensor.detach()[better]
    return best


def _clip(tensors: Sequence[Tensor]) -> None:
    """Each member's gradient to a norm of at most `_CLIP`; one that is not finite is left out."""
    gradients = [tensor.grad for tensor in tensors if tensor.grad is not None]
    norm = torch.stack([gradient.flatten(1).square().sum(dim=1) for gradient in gradients]).sum(dim=0).sqrt()
    factor = torch.where(torch.isfinite(norm), (_CLIP / norm.clamp_min(1e-12)).clamp_max(1.0), torch.zeros_like(norm))
    for gradient in gradients:
        gradient.nan_to_num_(0.0, 0.0, 0.0).mul_(factor.reshape(-1, *[1] * (gradient.dim() - 1)))


@dataclass(frozen=True)
class Shares:
    """Who sees what: `left_out` `m` the fold of each member, `chances` `m x n`, `held_back` `m x v` rows."""

    left_out: Tensor
    chances: Tensor
    held_back: Tensor


def bootstrap_shares(groups: Tensor, fold: Tensor, *, per_fold: int, generator: torch.Generator, most_held_back: int = 48) -> Shares:
    """Members that each leave one fold out, hold back a tenth of the other interventions, and weigh the rest by a Bayesian bootstrap.

    Source: Rubin (1981), Ann. Stat. 9:130: exponential weights in place of counts, so that no run is lost.
    """
    unique, member_of = torch.unique(groups, return_inverse=True)
    n_folds = int(fold.max()) + 1
    left_out = torch.arange(n_folds * per_fold) % n_folds
    chances, back = [], []
    for k in left_out.tolist():
        weight = torch.empty(len(unique)).exponential_(generator=generator)[member_of]
        inside = torch.nonzero(fold != k).flatten()
        own = torch.unique(member_of[inside])
        few = own[torch.randperm(len(own), generator=generator)[: max(2, len(own) // 10)]]
        judged = torch.isin(member_of, few) & (fold != k)
        weight[(fold == k) | judged] = 0.0
        chances.append(weight)
        rows = torch.nonzero(judged).flatten()
        back.append(rows[torch.randint(len(rows), (most_held_back,), generator=generator)] if len(rows) > most_held_back else rows)
    wide = max(len(rows) for rows in back)
    padded = [rows[torch.arange(wide) % len(rows)] for rows in back]
    return Shares(left_out=left_out, chances=torch.stack(chances), held_back=torch.stack(padded))
