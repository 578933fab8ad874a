"""A mechanism's simulations of designs, each run once for all contestants that use it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.errors import NextwellError

from .mechanism import Mechanism


class Simulated:
    """Designs → the mechanism's trajectories, remembered by design.

    Args:
        times_h: `t`.
        variables: `y` observables' names.
    """

    def __init__(self, mechanism: Mechanism, *, encoder: Encoder, times_h: Tensor, variables: tuple[str, ...]) -> None:
        self.mechanism, self.encoder, self.times_h, self.variables = mechanism, encoder, times_h, variables
        self._known: dict[bytes, Tensor] = {}

    def remember(self, design: Tensor, values: Tensor) -> None:
        """Simulations `n x t x y` of designs `n x d` that were run elsewhere."""
        self._known.update({row.tobytes(): value for row, value in zip(design.detach().numpy().astype(np.float64), values, strict=True)})

    def at(self, design: Tensor) -> Tensor:
        """`n x t x y`; where the integrator fails, the mean of the runs that did not.

        Raises:
            NextwellError: every run failed.
        """
        rows = [row.tobytes() for row in design.detach().numpy().astype(np.float64)]
        missing = {key: i for i, key in enumerate(rows) if key not in self._known}
        if missing:
            settings = self.encoder.settings(design[list(missing.values())])
            told = torch.as_tensor(self.mechanism.simulate(settings, self.times_h.numpy(), self.variables), dtype=torch.double)
            self._known.update(zip(missing, told, strict=True))
        values = torch.stack([self._known[key] for key in rows]) if rows else torch.empty(0, len(self.times_h), len(self.variables), dtype=torch.double)
        failed = ~torch.isfinite(values).flatten(1).all(dim=1)
        if failed.any():
            ran = torch.stack([value for value in self._known.values() if torch.isfinite(value).all()] or [torch.full_like(values[0], torch.nan)])
            if not torch.isfinite(ran).all():
                raise NextwellError(f"Expected the mechanism {self.mechanism.name!r} to run for some settings, found that its integrator fails for all {len(rows)}.")
            values = torch.where(failed[:, None, None], ran.mean(dim=0), values)
        return values
