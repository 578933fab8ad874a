"""The contract of every contestant: fit to a `Training`, then answer with a `Belief` or with draws of whole worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from .context_kernel import ContextCodes, context_codes
from .encoding import Encoder
from .mechanisms.mechanism import Mechanism
from .mechanisms.simulated import Simulated
from .plate_kernel import plate_codes
from .readouts import linear_weights
from .terms.functionals import Functional
from .terms.readings import FLAGS, Dataset, Noise
from .terms.space import SearchSpace

Of = Literal["state", "reading"]
Progress = Callable[[str], None]
ABOVE, BELOW = FLAGS.index("above limit"), FLAGS.index("below limit")


@dataclass(frozen=True)
class Training:
    """What a contestant may learn from: `n` experiments as done, and what was read of them.

    Attributes:
        encoder: of the space; designs are its columns.
        design: `n x d`.
        values: `n x t x y` readings, each in its observable's own unit, nan where there is none.
        flags: `n x t x y`, indices into `terms.readings.FLAGS`, -1 where nothing was read.
        times_h: `t`; a single nan for end points.
        variables: `y` names.
        groups: `n`, equal for the replicates of one intervention. Held-out sets are made of whole groups.
        blocks: `n`, the plate or round of each.
        roles: `n`.
        functionals: `g x t x y`, linear readouts that matter (goals), or None.
        simulated: a mechanism's simulations of designs (each is run once), or None where there is no prior knowledge.
        contexts: batch, day, donor, cell line … of each, where levels can be told apart; else None.
        sd: `n x t x y`, of each reading where it was told, else nan; None where none was told.
        noise: what is believed of readings whose sd is not told.
    """

    encoder: Encoder
    design: Tensor
    values: Tensor
    flags: Tensor
    times_h: Tensor
    variables: tuple[str, ...]
    groups: Tensor
    blocks: tuple[str, ...]
    roles: tuple[str, ...]
    functionals: Tensor | None = None
    simulated: Simulated | None = None
    contexts: ContextCodes | None = None
    sd: Tensor | None = None
    noise: Noise = "small"

    def __len__(self) -> int:
        return len(self.design)

    @property
    def space(self) -> SearchSpace:
        return self.encoder.space

    @property
    def plates(self) -> Tensor | None:
        """`n` plate codes where plates can be told apart from noise, else None."""
        return plate_codes(self.blocks)

    @property
    def beyond_limit(self) -> Tensor:
        """`n x t x y`, True where a value stands for a reading beyond a reader's limit."""
        return ((self.flags == ABOVE) | (self.flags == BELOW)) & torch.isfinite(self.values)

    @property
    def as_read(self) -> Tensor:
        """`n x t x y` readings to score predictions by: nan where the reader could not follow."""
        return torch.where(self.beyond_limit, torch.nan, self.values)

    @property
    def n_interventions(self) -> int:
        """Distinct interventions."""
        return len(torch.unique(self.groups))

    @property
    def scale(self) -> Tensor:
        """`y`: the sd of each observable over these readings; 1 where it does not vary."""
        flat = self.values.flatten(0, 1)
        spread = (flat - flat.nanmean(dim=0)).square().nanmean(dim=0).sqrt()
        return torch.where(spread > 1e-12, spread, torch.ones_like(spread))

    def take(self, rows: Tensor) -> Training:
        """Some rows, by position or mask."""
        where = torch.arange(len(self))[rows]
        listed = where.tolist()
        return replace(
            self, design=self.design[where], values=self.values[where], flags=self.flags[where], groups=self.groups[where],
            blocks=tuple(self.blocks[i] for i in listed), roles=tuple(self.roles[i] for i in listed),
            contexts=None if self.contexts is None else self.contexts.take(where), sd=None if self.sd is None else self.sd[where],
        )  # fmt: skip

    @classmethod
    def of(cls, space: SearchSpace, data: Dataset, *, goals: Sequence[Functional] = (), mechanism: Mechanism | None = None) -> Training:
        """The experiments of a data set that have a reading."""
        data = data.take(np.isfinite(data.values).any(axis=(1, 2)))
        encoder = Encoder(space)
        design = encoder.design(data.settings)
        values = torch.as_tensor(data.values, dtype=torch.double)
        times_h = torch.as_tensor(np.asarray(data.times_h, dtype=float))
        read = torch.isfinite(values).any(dim=0)
        weights = [linear_weights(goal, times_h=times_h, variables=data.variables, read=read) for goal in goals]
        told = [weight for weight in weights if weight is not None]
        return cls(
            encoder=encoder, design=design, values=values, flags=torch.as_tensor(data.flags), times_h=times_h,
            variables=data.variables, groups=torch.as_tensor(data.groups()), blocks=data.blocks, roles=data.roles,
            functionals=torch.stack(told) if told else None,
            simulated=None if mechanism is None else Simulated(mechanism, encoder=encoder, times_h=times_h, variables=data.variables, anchors=design),
            contexts=context_codes({name: column.tolist() for name, column in data.contexts.items()}),
            sd=None if data.sd is None else torch.as_tensor(data.sd, dtype=torch.double), noise=data.noise,
        )  # fmt: skip


@dataclass(frozen=True)
class Belief:
    """Marginal belief about trajectories, all `n x t x y`, in the observables' own units.

    Attributes:
        mean: of the state.
        epistemic: variance of the state: what more experiments would reduce.
        aleatoric: variance that one reading adds (noise, the day, the plate): what they would not.
    """

    mean: Tensor
    epistemic: Tensor
    aleatoric: Tensor

    def variance(self, of: Of) -> Tensor:
        """Of the state, or of one reading of it."""
        return self.epistemic if of == "state" else self.epistemic + self.aleatoric

    def take(self, rows: Tensor) -> Belief:
        """Some rows."""
        return Belief(mean=self.mean[rows], epistemic=self.epistemic[rows], aleatoric=self.aleatoric[rows])


@dataclass(frozen=True)
class Capabilities:
    """What a fitted model can do, so that a misfit fails before any work.

    Attributes:
        gaussian: exact Gaussian posterior over coefficients (the planner's coefficient route).
        gradients: posterior differentiable in the design.
    """

    gaussian: bool = False
    gradients: bool = False


@runtime_checkable
class Fitted(Protocol):
    """A fitted contestant. It never changes; there is no unfitted one."""

    @property
    def capabilities(self) -> Capabilities: ...

    def beliefs(self, design: Tensor) -> Belief:
        """Marginals at designs `n x d`, at the training times."""
        ...

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """`s x n x t x y`: draw i is one hypothesis of the world, shared by all experiments. The same seed is the same worlds."""
        ...

    def held_out(self) -> Belief:
        """What would be believed of each training row without its own intervention, `n x t x y`.

        In closed form, by members that never saw it, or by refitting: never from a model that saw it.
        """
        ...


@runtime_checkable
class Contestant(Protocol):
    """What competes: hyper-parameters live here, data only in `fit`."""

    @property
    def name(self) -> str: ...

    def why_not(self, training: Training) -> str | None:
        """Why it does not compete on these data (too few runs, no mechanism, one time only); None where it does."""
        ...

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> Fitted:
        """Fit.

        Raises:
            NextwellError, or one of `coefficients.FIT_FAILURES`: the judge leaves it out and says so.
        """
        ...
