"""One Gaussian process over all single readings: any gaps, any times of one's own, few readings of many observables.

Trajectory GPs learn coefficients of curves, for which a curve must be read well enough to have them. Here nothing is filled: the
covariance of two readings is a product over condition, time and observable (a Kronecker product wherever the grid is full).
Exact, by Cholesky; leave-one-intervention-out in closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from ..contract import Belief, Capabilities, Of, Progress, Training
from ..encoding import Encoder
from ..mechanisms.estimated import Estimated, estimated
from ..mechanisms.simulated import Simulated
from .field_fit import Standard, conditioned, fit_numbers, shape_of, spread_readings, start_of
from .field_kernel import Field, Places

MOST_READINGS = 2_500  # exact: the cube of these
_BLOCK = 4_096  # queries held at a time


@dataclass(frozen=True)
class FieldGP:
    """Attributes:
    mechanism: `given` or `fitted` (its constants estimated from the readings): the mechanism's simulation of a reading is a regressor
        of it, with a factor for each observable that is learned (zero where the mechanism is wrong); the field learns the rest.
    least_gaps: share of the table of experiments x times x observables that is empty; below it, curves say as much and cost less.
    """

    name: str
    mechanism: Literal["none", "given", "fitted"] = "none"
    least_gaps: float = 0.1

    def why_not(self, training: Training) -> str | None:
        """Too many readings or hardly a gap, or no mechanism where it needs one."""
        if self.mechanism != "none" and training.simulated is None:
            return "no mechanism is given"
        known = torch.isfinite(training.values)
        count = int(known.sum())
        if count > MOST_READINGS:
            return f"{count:,} readings are more than {MOST_READINGS:,}"
        gaps = 1 - float(known.double().mean())
        return f"only {gaps:.0%} of the table are gaps" if gaps < self.least_gaps else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedField:
        """Hyper-parameters at the peak of marginal likelihood times priors. `seed` says which readings they are learned from.

        Raises:
            MechanismError: the mechanism can't be run for any intervention.
            NotPSDError: no covariance could be factored.
        """
        if self.mechanism != "fitted":
            return fit_field(training, simulated=training.simulated if self.mechanism == "given" else None, seed=seed)
        found = estimated(training)
        plain = fit_field(training, simulated=found.peak, seed=seed)
        return FittedFieldOnEstimate(**{one.name: getattr(plain, one.name) for one in fields(plain)}, estimated=found)


@dataclass(frozen=True)
class FittedField:
    """Attributes:
    field: the kernel.
    places: of the `r` training readings.
    targets: `r`, standardised by observable.
    factor: `r x r`, Cholesky factor of their covariance.
    weights: `r`, the covariance's inverse times the targets.
    mean: `y`; scale: `y`: what standardises.
    standard: what standardises the mechanism's simulations, and simulated: them, or None without a mechanism.
    """

    encoder: Encoder
    field: Field
    design: Tensor
    groups: Tensor
    places: Places
    targets: Tensor
    factor: Tensor
    weights: Tensor
    mean: Tensor
    scale: Tensor
    plates: Tensor | None
    simulated: Simulated | None = None
    standard: Standard | None = None

    @property
    def regressor(self) -> Callable[[Tensor], Tensor] | None:
        """Design → the mechanism's standardised simulations `n x t x y`."""
        simulated, standard = self.simulated, self.standard
        return None if simulated is None or standard is None else lambda design: standard.of(simulated.at(design))

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def beliefs(self, design: Tensor) -> Belief:
        """Exact marginals, a block of designs at a time."""
        t, y = len(self.field.shape.times), len(self.mean)
        per_block = max(1, _BLOCK // (t * y))
        blocks = [self._at(block, self.weights, None) for block in design.split(per_block)] if len(design) else []
        if not blocks:
            empty = torch.zeros(0, t, y, dtype=torch.double)
            return Belief(empty, empty, empty)
        return Belief(*(torch.cat([getattr(one, name) for one in blocks]) for name in ("mean", "epistemic", "aleatoric")))

    def held_out(self) -> Belief:
        """Leave-one-intervention-out in closed form, hyper-parameters kept.

        With P the inverse covariance and B the readings of one intervention, P - P_:B P_BB^-1 P_B: is the inverse covariance of the others.
        Source: block inversion; Rasmussen & Williams (2006), eq. 5.12 for one reading.
        """
        return self._held_out(torch.unique(self.groups))

    def _held_out(self, groups: Tensor, *, told_by: Tensor | None = None) -> Belief:
        """Of some groups; `told_by` `n x t x y` are the regressors of the training rows, where they are not the simulated ones."""
        n, t, y = len(self.design), len(self.field.shape.times), len(self.mean)
        told = [torch.zeros(n, t, y, dtype=torch.double) for _ in range(3)]
        inverse = torch.cholesky_inverse(self.factor)
        owner = self.groups[self.places.row]
        for group in groups:
            rows = torch.nonzero(self.groups == group).flatten()
            block = torch.nonzero(owner == group).flatten()
            inner = torch.linalg.inv(inverse[block][:, block])
            weights = self.weights - inverse[:, block] @ (inner @ self.weights[block])
            belief = self._at(
                self.design[rows[:1]], weights, _Without(inverse, block, inner), told=None if told_by is None else told_by[rows[:1]]
            )  # fmt: skip
            for column, part in zip(told, (belief.mean, belief.epistemic, belief.aleatoric), strict=True):
                column[rows] = part
        return Belief(*told)

    def draws(self, design: Tensor, n: int, *, seed: int, of: Of = "state") -> Tensor:
        """Pathwise: draws from the prior on the whole grid, moved by what was read.

        Source: Wilson et al. (2020), ICML, eq. 13; the prior's draws by the Kronecker factors of its covariance.
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            features = self.encoder.features(torch.cat([self.design, design]))
            regressor = None if self.regressor is None else self.regressor(torch.cat([self.design, design]))
            places, own = self._grid(design), len(self.design)
            across = self.field.state(places, features[own:], self.places, features[:own])
            noise = self.field.noise[self.places.observable].sqrt()
            chunks = []
            for count in [16] * (n // 16) + ([n % 16] if n % 16 else []):
                prior = self._prior(features, regressor, count, generator)
                read = prior[:, self.places.row, self.places.time, self.places.observable]
                read = read + noise * _normal((count, len(noise)), generator) + self._owned(count, generator)
                update = torch.cholesky_solve((self.targets - read).T, self.factor)
                moved = prior[:, own:] + (across @ update).T.reshape(count, len(design), *prior.shape[2:])
                if of == "reading":
                    moved = moved + self.field.own(torch.arange(len(self.mean))).sqrt() * _normal(tuple(moved.shape), generator)
                chunks.append(moved)
        return self.mean + self.scale * torch.cat(chunks)

    def _at(self, design: Tensor, weights: Tensor, without: _Without | None, *, told: Tensor | None = None) -> Belief:
        t, y = len(self.field.shape.times), len(self.mean)
        with torch.no_grad():
            places, features = self._grid(design, told), self.encoder.features(design)
            across = self.field.state(places, features, self.places, self.encoder.features(self.design))
            mean = across @ weights
            seen = torch.linalg.solve_triangular(self.factor, across.T, upper=False).square().sum(dim=0)
            variance = self.field.state_variance(places, features) - seen
            if without is not None:
                shared = across @ without.inverse[:, without.block]
                variance = variance + ((shared @ without.inner) * shared).sum(dim=1)
            own = self.field.own(places.observable).reshape(-1, t, y)
        shape = (len(design), t, y)
        return Belief(
            mean=self.mean + self.scale * mean.reshape(shape), epistemic=self.scale.square() * variance.clamp_min(1e-12).reshape(shape),
            aleatoric=self.scale.square() * own,
        )  # fmt: skip

    def _grid(self, design: Tensor, told: Tensor | None = None) -> Places:
        n, t, y = len(design), len(self.field.shape.times), len(self.mean)
        row, time, observable = torch.meshgrid(torch.arange(n), torch.arange(t), torch.arange(y), indexing="ij")
        if told is None and self.regressor is not None:
            told = self.regressor(design)
        return Places(row.flatten(), time.flatten(), observable.flatten(), None if told is None else told.flatten())

    def _prior(self, features: Tensor, regressor: Tensor | None, count: int, generator: torch.Generator) -> Tensor:
        """`s x n x t x y` draws of the state from the prior."""
        field = self.field
        n, t, y = len(features), len(field.shape.times), len(self.mean)
        alike, effects = psd_safe_cholesky(field.alike), psd_safe_cholesky(field.effects)
        course = torch.einsum("ti,sij,yj->sty", psd_safe_cholesky(field.course()), _normal((count, t, y), generator), alike)
        told = _normal((count, n, t, y), generator)
        told = torch.einsum("nm,smty->snty", psd_safe_cholesky(field.conditions(features, features)), told)
        told = torch.einsum("ti,sniy->snty", psd_safe_cholesky(field.when()), told) @ effects.T + course[:, None]
        for columns, variance in zip(field.shape.categories, field.levels, strict=True):
            levels, member = torch.unique(features[:, list(columns)], dim=0, return_inverse=True)
            told = told + variance.sqrt() * _normal((count, len(levels), y), generator)[:, member][:, :, None]
        if regressor is not None:
            slopes = _normal((count, y), generator) @ psd_safe_cholesky(field.slopes()).T
            told = told + slopes[:, None, None] * regressor
        return told

    def _owned(self, count: int, generator: torch.Generator) -> Tensor:
        """`s x r`: draws of what experiments and plates have of their own."""
        y = len(self.mean)
        told = self.field.experiment.sqrt() * _normal((count, len(self.design), y), generator)[:, self.places.row, self.places.observable]
        if self.plates is not None:
            _, code = torch.unique(self.plates, return_inverse=True)
            shift = self.field.plate.sqrt() * _normal((count, int(code.max()) + 1, y), generator)
            told = told + shift[:, code[self.places.row], self.places.observable]
        return told


@dataclass(frozen=True)
class FittedFieldOnEstimate(FittedField):
    """With a mechanism whose constants were estimated from the same readings.

    Attributes:
        estimated: the estimate, which can be told without some readings.
    """

    estimated: Estimated | None = None

    def held_out(self) -> Belief:
        """Leave-one-intervention-out, with simulations by constants that did not see the row's own fold of five."""
        assert self.estimated is not None and self.standard is not None
        told = [torch.zeros(len(self.design), len(self.field.shape.times), len(self.mean), dtype=torch.double) for _ in range(3)]
        for rows, simulated in self.estimated.folds():
            regressor = self.standard.of(simulated)
            places = replace(self.places, mechanism=regressor[self.places.row, self.places.time, self.places.observable])
            own = conditioned(self.field, places, self.targets, self.encoder.features(self.design), self.plates)
            other = replace(self, places=places, factor=own.factor, weights=own.weights)
            belief = other._held_out(torch.unique(self.groups[rows]), told_by=regressor)
            for column, part in zip(told, (belief.mean, belief.epistemic, belief.aleatoric), strict=True):
                column[rows] = part[rows]
        return Belief(*told)


@dataclass(frozen=True)
class _Without:
    """Leaves the readings `block` out: `inverse` `r x r`, `inner` the inverse of its block."""

    inverse: Tensor
    block: Tensor
    inner: Tensor


def fit_field(training: Training, *, simulated: Simulated | None, seed: int) -> FittedField:
    """Fit one.

    Args:
        simulated: a mechanism's simulations as regressors.
    """
    known = torch.isfinite(training.values)
    row, time, observable = torch.nonzero(known, as_tuple=True)
    mean = torch.nan_to_num(training.values.flatten(0, 1).nanmean(dim=0))
    scale = training.scale
    targets = ((training.values - mean) / scale)[row, time, observable]
    told = None if simulated is None else simulated.at(training.design)
    standard = None if told is None else Standard.fit(told, known)
    places = Places(row, time, observable, None if told is None or standard is None else standard.of(told)[row, time, observable])
    shape = shape_of(training, with_mechanism=standard is not None)
    features = training.encoder.features(training.design)
    start = start_of(shape, targets, places)
    some = spread_readings(places, seed=seed)
    z = fit_numbers(shape, places.take(some), targets[some], features, training.plates, start=start)
    field = Field(shape, z)
    own = conditioned(field, places, targets, features, training.plates)
    return FittedField(
        encoder=training.encoder, field=field, design=training.design, groups=training.groups, places=places, targets=targets, factor=own.factor,
        weights=own.weights, mean=mean, scale=scale, plates=training.plates, simulated=simulated, standard=standard,
    )  # fmt: skip


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.double)
