"""What networks learn from: runs in each member's own units, from the interventions that it may see, with what drives them.

Where there is a mechanism, runs are what its simulation leaves, and the simulation is a further input.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..contract import Training
from ..drive import Drive
from ..encoding import Encoder
from ..mechanisms.simulated import Simulated
from .member_nets import MEMBER_DTYPE
from .sequences import FOLDS, denoised

MEMORIES = (0.5, 0.15)  # by how much of the way a trace follows what it traces in one step
_BEYOND = 0.5  # rollouts stay within the range of the training runs, widened by this share of it on each side


@dataclass(frozen=True)
class World:
    """What designs become before networks see them. Nothing in it comes from readings.

    Attributes:
        columns: the drive's inputs that vary.
        centre, scale: `u`, of these.
        mechanism: its simulations, or None; `simulated_centre` and `simulated_scale` are `2 y`.
        step: `t`, relative lengths; 0 for the first.
    """

    encoder: Encoder
    times_h: Tensor
    columns: tuple[int, ...]
    centre: Tensor
    scale: Tensor
    step: Tensor
    mechanism: Simulated | None
    simulated_centre: Tensor
    simulated_scale: Tensor

    @classmethod
    def of(cls, training: Training, *, mechanism: Simulated | None) -> World:
        """Units from the training designs."""
        drive = Drive.of(training.encoder, training.design, training.times_h)
        flat = drive.inputs.flatten(0, 1)
        columns = torch.nonzero(flat.amax(dim=0) - flat.amin(dim=0) > 1e-9).flatten()
        flat = flat[:, columns]
        hours = drive.step_h[1:]
        told = _moves(mechanism.at(training.design)).flatten(0, 1) if mechanism is not None else torch.zeros(2, 0, dtype=flat.dtype)
        return cls(
            encoder=training.encoder, times_h=training.times_h, columns=tuple(columns.tolist()), centre=flat.mean(dim=0),
            scale=flat.std(dim=0).clamp_min(1e-6), step=torch.cat([torch.zeros(1, dtype=flat.dtype), hours / hours.mean()]).to(MEMBER_DTYPE),
            mechanism=mechanism, simulated_centre=told.mean(dim=0), simulated_scale=(told - told.mean(dim=0)).square().mean(dim=0).sqrt().clamp_min(1e-9),
        )  # fmt: skip

    @property
    def n_constant(self) -> int:
        """Inputs that say what acts now: drives, and the mechanism's state and move. They come first."""
        return len(self.columns) + len(self.simulated_centre)

    @property
    def n_inputs(self) -> int:
        """All: what acts now, traces of the drives, the clock."""
        return self.n_constant + len(MEMORIES) * len(self.columns) + 1

    def inputs(self, design: Tensor) -> Tensor:
        """`n x t x v`."""
        own = (Drive.of(self.encoder, design, self.times_h).inputs[..., list(self.columns)] - self.centre) / self.scale
        parts = [own]
        if self.mechanism is not None:
            parts.append((_moves(self.mechanism.at(design)) - self.simulated_centre) / self.simulated_scale)
        for rate in MEMORIES:
            trace = [own[:, 0]]
            for i in range(1, own.shape[1]):
                trace.append(trace[-1] + rate * (own[:, i] - trace[-1]))
            parts.append(torch.stack(trace, dim=1))
        parts.append(torch.linspace(-1, 1, own.shape[1], dtype=own.dtype).reshape(1, -1, 1).expand(len(own), -1, -1))
        return torch.cat(parts, dim=-1).to(MEMBER_DTYPE)

    def offset(self, design: Tensor) -> Tensor | float:
        """`n x t x y` that the networks' forecasts are added to."""
        return 0.0 if self.mechanism is None else self.mechanism.at(design)


def _moves(simulated: Tensor) -> Tensor:
    """`n x t x 2y`: states, and how far each came since the time before."""
    return torch.cat([simulated, torch.cat([torch.zeros_like(simulated[:, :1]), simulated[:, 1:] - simulated[:, :-1]], dim=1)], dim=-1)


@dataclass(frozen=True)
class Units:
    """Each member's units, from the runs that it may see. All `m x 1 x y`.

    Attributes:
        low, high: within which rollouts stay; standardised.
        noise: logarithm of a reading's variance about the denoised runs; standardised.
    """

    centre: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor
    noise: Tensor

    def within(self, state: Tensor) -> Tensor:
        """States `m x b x y`, clipped."""
        return torch.minimum(torch.maximum(state, self.low.to(state.dtype)), self.high.to(state.dtype))

    def take(self, members: Tensor) -> Units:
        """Some members' units."""
        return Units(*(getattr(self, name)[members] for name in ("centre", "scale", "low", "high", "noise")))


@dataclass(frozen=True)
class Scene:
    """Runs to learn from.

    Attributes:
        inputs: `n x t x v`.
        read: `f x n x t x y`, what the mechanism leaves of the readings, in the units of those who don't see fold f.
        clean: `f x n x t x y`, the same denoised without fold f (nan in it).
        left_out: `m`, each member's fold.
    """

    units: Units
    inputs: Tensor
    read: Tensor
    clean: Tensor
    left_out: Tensor
    step: Tensor

    @classmethod
    def of(cls, training: Training, world: World, *, left_out: Tensor, fold: Tensor) -> Scene:
        """Each fold's units and denoised runs from the other folds alone."""
        values = training.values - world.offset(training.design)
        clean = torch.full((FOLDS, *values.shape), torch.nan, dtype=values.dtype)
        noise = torch.ones(FOLDS, 1, values.shape[-1], dtype=values.dtype)
        for k in range(int(fold.max()) + 1):
            told = denoised(values[fold != k], times_h=training.times_h)
            clean[k, fold != k], noise[k, 0] = told.values, told.noise
        inside = clean.flatten(1, 2)
        centre = inside.nanmean(dim=1, keepdim=True)
        scale = (inside - centre).square().nanmean(dim=1, keepdim=True).sqrt().clamp_min(1e-9)
        z = (inside - centre) / scale
        low, high = z.nan_to_num(torch.inf).amin(dim=1, keepdim=True), z.nan_to_num(-torch.inf).amax(dim=1, keepdim=True)
        wide = _BEYOND * (high - low)
        parts = (centre, scale, low - wide, high + wide, (noise / scale.square()).clamp_min(1e-8).log())
        units = Units(*parts)
        # in double: single precision would lose the digits of a large common value
        read = ((values - centre.unsqueeze(1)) / scale.unsqueeze(1)).to(MEMBER_DTYPE)
        clean = ((clean - centre.unsqueeze(1)) / scale.unsqueeze(1)).to(MEMBER_DTYPE)
        return cls(units=units.take(left_out), inputs=world.inputs(training.design), read=read, clean=clean, left_out=left_out, step=world.step)

    @property
    def n_observables(self) -> int:
        """`y`."""
        return self.read.shape[-1]

    def readings(self, rows: Tensor) -> Tensor:
        """`m x b x t x y`, standardised."""
        return self.read[self.left_out[:, None], rows]

    def states(self, rows: Tensor) -> Tensor:
        """`m x b x t x y`, denoised, standardised."""
        return self.clean[self.left_out[:, None], rows]

    def of_fold(self, k: int) -> Scene:
        """As the first member that leaves fold `k` out sees it."""
        who = torch.nonzero(self.left_out == k).flatten()[:1]
        return replace(self, left_out=self.left_out[who], units=self.units.take(who))

    def seen(self, k: int) -> Tensor:
        """Rows outside fold `k`."""
        return torch.nonzero(torch.isfinite(self.clean[k]).flatten(1).all(dim=1)).flatten()
