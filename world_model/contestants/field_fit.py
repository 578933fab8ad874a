"""Fitting the numbers of a field's covariance: what shape it has, where the search starts, and what is conditioned on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from linear_operator.utils.errors import NotPSDError
from scipy.optimize import minimize
from torch import Tensor

from ..contract import Training
from ..terms.factors import Categorical, Ordinal
from .field_kernel import RANK, Field, FieldShape, Places

MOST_FITTED = 500  # readings that hyper-parameters are learned from
_STEPS = 80
_FAR = 4.0  # sd: how far a simulation may lie from those of the training before it is held there


@dataclass(frozen=True)
class Standard:
    """Standardises a mechanism's simulations: `centre` and `spread`, `y`, of those of the readings."""

    centre: Tensor
    spread: Tensor

    @classmethod
    def fit(cls, simulated: Tensor, known: Tensor) -> Standard:
        """From `n x t x y` simulations of the training designs, and where there are readings."""
        told = torch.where(known, simulated, torch.nan).flatten(0, 1)
        centre = torch.nan_to_num(told.nanmean(dim=0))
        spread = (told - centre).square().nanmean(dim=0).sqrt()
        return cls(centre=centre, spread=torch.where(spread > 1e-9, spread, torch.full_like(spread, torch.inf)))  # what never moves says nothing

    def of(self, simulated: Tensor) -> Tensor:
        """`n x t x y`, held where they lie far from all that was fitted to; a simulation that failed says nothing."""
        return torch.nan_to_num((simulated - self.centre) / self.spread).clamp(-_FAR, _FAR)


@dataclass(frozen=True)
class Conditioned:
    """`factor` `r x r` of the readings' covariance and `weights` `r`, its inverse times the targets."""

    factor: Tensor
    weights: Tensor


def conditioned(field: Field, places: Places, targets: Tensor, features: Tensor, plates: Tensor | None) -> Conditioned:
    """The readings of these places, seen."""
    with torch.no_grad():
        factor = psd_safe_cholesky(field.readings(places, features, plates))
        return Conditioned(factor, torch.cholesky_solve(targets.unsqueeze(-1), factor).squeeze(-1))


def shape_of(training: Training, *, with_mechanism: bool) -> FieldShape:
    """What the space, the times and the observables ask for."""
    scale_of: list[int] = []
    categories: list[tuple[int, ...]] = []
    for i, (factor, table) in enumerate(zip(training.space.factors, training.encoder.tables, strict=True)):
        width = 1 if table is None else int(table.shape[1])
        if isinstance(factor, Categorical) and not isinstance(factor, Ordinal):
            categories.append(tuple(range(len(scale_of), len(scale_of) + width)))
        scale_of += [i] * width
    scale_of += [len(training.space.factors) + i for i in range(len(training.encoder.derived))]
    times = torch.nan_to_num(training.times_h)
    return FieldShape(
        scale_of=torch.tensor(scale_of), categories=tuple(categories), observables=len(training.variables), times=times,
        with_mechanism=with_mechanism, with_plates=training.plates is not None,
    )  # fmt: skip


def start_of(shape: FieldShape, targets: Tensor, places: Places) -> Tensor:
    """All at the centre of the priors, observables in the directions in which they were read to go together."""
    sizes = shape.sizes()
    z = {name: torch.zeros(size, dtype=torch.double) for name, size in sizes.items()}
    y, t = shape.observables, len(shape.times)
    table = torch.full((int(places.row.max()) + 1, t, y), torch.nan, dtype=torch.double)
    table[places.row, places.time, places.observable] = targets
    flat = torch.nan_to_num(table.flatten(0, 1))
    gram = flat.T @ flat / (torch.isfinite(table.flatten(0, 1)).double().T @ torch.isfinite(table.flatten(0, 1)).double()).clamp_min(4.0)
    values, vectors = torch.linalg.eigh(gram)
    rank = min(RANK, y)
    leading = vectors[:, -rank:].flip(1) * values[-rank:].flip(0).clamp_min(1e-6).sqrt()
    z["direction"] = (leading + 0.1).flatten()
    return torch.cat(list(z.values()))


def spread_readings(places: Places, *, seed: int) -> Tensor:
    """At most `MOST_FITTED` readings, of as many conditions and observables as can be."""
    n = len(places)
    if n <= MOST_FITTED:
        return torch.arange(n)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(n, generator=generator)
    count: dict[tuple[int, int], int] = {}
    rank = torch.zeros(n)
    for i in order.tolist():
        key = (int(places.row[i]), int(places.observable[i]))
        count[key] = count.get(key, 0) + 1
        rank[i] = count[key]
    return order[torch.argsort(rank[order], stable=True)][:MOST_FITTED].sort().values


def fit_numbers(shape: FieldShape, places: Places, targets: Tensor, features: Tensor, plates: Tensor | None, *, start: Tensor) -> Tensor:
    """The peak of marginal likelihood times priors (L-BFGS), from the priors' centre."""

    def loss(given: np.ndarray) -> tuple[float, np.ndarray]:
        z = torch.tensor(given, dtype=torch.double, requires_grad=True)
        factor, failed = torch.linalg.cholesky_ex(Field(shape, z).readings(places, features, plates))
        if int(failed):
            return 1e10, np.zeros_like(given)
        solved = torch.linalg.solve_triangular(factor, targets.unsqueeze(-1), upper=False)
        value = 0.5 * solved.square().sum() + factor.diagonal().log().sum() + 0.5 * z.square().sum()
        value.backward()
        grad = z.grad
        return (float(value.detach()), grad.numpy()) if grad is not None and torch.isfinite(grad).all() else (1e10, np.zeros_like(given))

    found = minimize(loss, start.numpy(), jac=True, method="L-BFGS-B", bounds=[(-5.0, 5.0)] * len(start), options={"maxiter": _STEPS, "ftol": 1e-7})
    if not np.isfinite(found.fun) or found.fun >= 1e10:
        raise NotPSDError("the covariance of the readings can't be factored at any hyper-parameters")
    return torch.tensor(found.x, dtype=torch.double)
