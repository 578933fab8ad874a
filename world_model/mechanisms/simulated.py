"""A mechanism's simulations of designs, each run once for all contestants that use it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.errors import NextwellError

from .mechanism import Mechanism

MOST_ANCHORS = 64  # designs whose runs stand in for those that fail
LARGEST = 1e100  # beyond it squares overflow: a run that explodes has failed, whatever the integrator says


@dataclass(frozen=True)
class StandIn:
    """What is said of a run that fails: the `mean` of runs that did not, and their `variance` about it; both `t x y`."""

    mean: Tensor
    variance: Tensor


class Simulated:
    """Designs → the mechanism's trajectories, remembered by design.

    Args:
        times_h: `t`.
        variables: `y` observables' names.
        anchors: `m x d`, designs (the training rows) whose runs stand in for those that fail, so that the answer does not hang on
            what was asked before.
    """

    def __init__(self, mechanism: Mechanism, *, encoder: Encoder, times_h: Tensor, variables: tuple[str, ...], anchors: Tensor | None = None) -> None:
        self.mechanism, self.encoder, self.times_h, self.variables = mechanism, encoder, times_h, variables
        self.anchors = None if anchors is None else anchors[:MOST_ANCHORS]
        self._known: dict[bytes, Tensor] = {}
        self._instead: StandIn | None = None

    def remember(self, design: Tensor, values: Tensor) -> None:
        """Simulations `n x t x y` of designs `n x d` that were run elsewhere."""
        self._known.update({row.tobytes(): value for row, value in zip(design.detach().numpy().astype(np.float64), values, strict=True)})

    def at(self, design: Tensor) -> Tensor:
        """`n x t x y`; where the integrator fails, what stands in (`doubt` says how far that may be off).

        Raises:
            NextwellError: every run failed.
        """
        values = self._runs(design)
        failed = _failed(values)
        return torch.where(failed[:, None, None], self._stand_in(design).mean, values) if failed.any() else values

    def doubt(self, design: Tensor) -> Tensor:
        """`n x t x y`: variance of what stands in for a run that fails, 0 where the mechanism runs."""
        values = self._runs(design)
        failed = _failed(values)
        nothing = torch.zeros_like(values)
        return torch.where(failed[:, None, None], self._stand_in(design).variance, nothing) if failed.any() else nothing

    def _runs(self, design: Tensor) -> Tensor:
        """`n x t x y`, with what is not finite where the integrator fails."""
        rows = [row.tobytes() for row in design.detach().numpy().astype(np.float64)]
        missing = {key: i for i, key in enumerate(rows) if key not in self._known}
        if missing:
            settings = self.encoder.settings(design[list(missing.values())])
            told = torch.as_tensor(self.mechanism.simulate(settings, self.times_h.numpy(), self.variables), dtype=torch.double)
            self._known.update(zip(missing, told, strict=True))
        return torch.stack([self._known[key] for key in rows]) if rows else torch.empty(0, len(self.times_h), len(self.variables), dtype=torch.double)

    def _stand_in(self, design: Tensor) -> StandIn:
        if self._instead is None:
            ran = self._runs(design if self.anchors is None else self.anchors)
            ran = ran[~_failed(ran)]
            if not len(ran):
                ran = torch.stack([value for value in self._known.values() if (value.abs() < LARGEST).all()] or [torch.full_like(self._runs(design)[0], torch.nan)])
            if not torch.isfinite(ran).all():
                raise NextwellError(f"Expected the mechanism {self.mechanism.name!r} to run for some settings, found that its integrator fails for all {len(design)}.")
            self._instead = StandIn(mean=ran.mean(dim=0), variance=ran.var(dim=0, correction=0))
        return self._instead


def _failed(values: Tensor) -> Tensor:
    """`n`: True where a run is not finite, or explodes."""
    return ~(values.abs() < LARGEST).flatten(1).all(dim=1)
