"""Which factors matter: the share of the model's variation over the space that each factor brings."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import sobol_indices
from torch import Tensor

from world_model.encoding import Encoder
from world_model.fit import WorldModel
from world_model.terms.errors import DesignError
from world_model.terms.goals import Goal

from ..pool import build_pool, to_levels

DRAWN, DRAWN_BY_MEMBERS = 1024, 256  # powers of two, as Sobol's sequence asks; the model is asked (factors + 2) times as often
RESAMPLES = 200
BINS = 12  # of a numeric factor where the space is no box


@dataclass(frozen=True)
class Importance:
    """One factor, in shares of the readout's variance over the space.

    Attributes:
        alone: what the factor explains by itself (first-order index), with its central 90 %.
        with_others: what would be lost with it, interactions included (total index); None where factors can't vary on their own.
    """

    factor: str
    alone: float
    low: float
    high: float
    with_others: float | None

    @property
    def size(self) -> float:
        """What factors are ranked by."""
        return self.alone if self.with_others is None else self.with_others


@dataclass(frozen=True)
class Importances:
    """All factors, the most important first. `how` says over what; `flat` where the model sees no variation at all."""

    factors: tuple[Importance, ...]
    how: str
    flat: bool = False


def importances(world: WorldModel, goal: Goal, *, seed: int) -> Importances:
    """Sobol indices of the model's mean readout, levels of a category drawn by equal shares.

    Where every combination can be asked for, factors vary on their own: Sobol indices by Saltelli's design (scipy), with bootstrap
    intervals. Where constraints or a table leave holes they can't, and total indices mean nothing: then the first-order share is
    the correlation ratio over feasible points (variance of the mean within slices of the factor), which needs no independence.

    Source: Sobol (1993); Saltelli et al. (2010), Comput. Phys. Commun. 181:259; correlation ratio as first-order index for
        dependent factors: Plischke (2010), Reliab. Eng. Syst. Saf. 95:354.
    """
    encoder = world.encoder
    box = _is_box(encoder)
    spread = _scores(world, goal, _feasible(encoder, seed=seed))
    if float(spread.values.std()) <= 1e-9 * max(float(spread.values.abs().max()), 1e-12):
        return Importances(factors=(), how="The model sees no variation over the space.", flat=True)
    if len(encoder.space.factors) == 1:
        alone = Importance(factor=encoder.space.names[0], alone=1.0, low=1.0, high=1.0, with_others=1.0)
        return Importances(factors=(alone,), how="There is one factor alone")
    told = _sobol(world, goal, seed=seed) if box else _ratios(encoder, spread, seed=seed)
    how = (
        "Sobol indices of the model's mean over the whole space" if box
        else "Shares of the model's variance over the feasible points; as constraints or missing rows tie factors to each other, only what each explains alone"
    )
    return Importances(factors=tuple(sorted(told, key=lambda one: -one.size)), how=how)


@dataclass(frozen=True)
class _Scored:
    design: Tensor
    values: Tensor


def _is_box(encoder: Encoder) -> bool:
    """True where all combinations of all factors' values can be asked for."""
    space = encoder.space
    if space.constraints or any(getattr(factor, "only_if", None) for factor in space.factors):
        return False
    if space.candidates is None:
        return True
    distinct = [len(np.unique(column)) for column in space.candidates.columns.values()]
    return bool(np.prod(np.array(distinct, dtype=float)) == len(space.candidates))


def _feasible(encoder: Encoder, *, seed: int) -> Tensor:
    """Points of the space, evenly: rows of its table, or drawn."""
    none = torch.empty(0, len(encoder.space.factors), dtype=torch.double)
    try:
        design = build_pool(encoder, taken=none, seed=seed).design
    except DesignError:
        return none
    most = 4 * DRAWN
    return design if len(design) <= most else design[torch.randperm(len(design), generator=torch.Generator().manual_seed(seed))[:most]]


def _scores(world: WorldModel, goal: Goal, design: Tensor) -> _Scored:
    values = world.posterior_at(design).readout(goal).mean if len(design) else torch.zeros(1, dtype=torch.double)
    return _Scored(design=design, values=values)


class _Uniform:
    """A uniform distribution on [0, 1], as scipy asks for one."""

    def ppf(self, share: np.ndarray) -> np.ndarray:
        return np.asarray(share)


def _sobol(world: WorldModel, goal: Goal, *, seed: int) -> list[Importance]:
    encoder = world.encoder
    codes = None if encoder.space.candidates is None else [np.unique(column) for column in encoder.design(encoder.space.candidates.columns).numpy().T]

    def readout(unit: np.ndarray) -> np.ndarray:
        """`d x n` in the unit cube → `n`."""
        points = torch.as_tensor(unit.T.copy(), dtype=torch.double)
        design = to_levels(encoder, points) if codes is None else _of_table(points, codes)
        return np.asarray(world.posterior_at(design).readout(goal, seed=seed).mean.numpy())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        n = DRAWN if world.fitted.capabilities.gaussian else DRAWN_BY_MEMBERS
        told = sobol_indices(func=readout, n=n, dists=[_Uniform()] * len(encoder.space.factors), rng=np.random.default_rng(seed))
        around = told.bootstrap(confidence_level=0.9, n_resamples=RESAMPLES).first_order.confidence_interval
    return [
        Importance(
            factor=name, alone=_share(told.first_order[i]), low=_share(around.low[i]), high=_share(around.high[i]), with_others=_share(told.total_order[i])
        )
        for i, name in enumerate(encoder.space.names)
    ]  # fmt: skip


def _of_table(points: Tensor, codes: list[np.ndarray]) -> Tensor:
    """The values that a full table has, by equal shares."""
    columns = [torch.as_tensor(own)[(points[:, i] * len(own)).floor().long().clamp(0, len(own) - 1)] for i, own in enumerate(codes)]
    return torch.stack(columns, dim=1)


def _ratios(encoder: Encoder, scored: _Scored, *, seed: int) -> list[Importance]:
    values = scored.values.numpy()
    generator = np.random.default_rng(seed)
    found = []
    for i, name in enumerate(encoder.space.names):
        slices = _slices(scored.design[:, i].numpy(), categorical=i in encoder.categorical_dims)
        told = _ratio(values, slices)
        again = [_ratio(values[rows], slices[rows]) for rows in (generator.integers(len(values), size=len(values)) for _ in range(RESAMPLES))]
        found.append(Importance(factor=name, alone=told, low=float(np.quantile(again, 0.05)), high=float(np.quantile(again, 0.95)), with_others=None))
    return found


def _slices(column: np.ndarray, *, categorical: bool) -> np.ndarray:
    """`n` slice numbers: a level, a value where there are few, or a part that holds as many points as the others."""
    values, member = np.unique(np.round(column, 9), return_inverse=True)
    if categorical or len(values) <= BINS:
        return np.asarray(member)
    edges = np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.asarray(np.searchsorted(edges, column))


def _ratio(values: np.ndarray, slices: np.ndarray) -> float:
    """Variance between the slices' means over all variance, less what slices of a few points have by chance."""
    _, member = np.unique(slices, return_inverse=True)
    counts = np.bincount(member)
    means = np.bincount(member, weights=values) / counts
    whole = float(((values - values.mean()) ** 2).sum())
    inner = float(((values - means[member]) ** 2).sum())
    n, k = len(values), len(counts)
    if whole <= 0 or n <= k:
        return 0.0
    # as adjusted R² does (Kelley's epsilon squared)
    return _share(1 - (inner / (n - k)) / (whole / (n - 1)))


def _share(number: float) -> float:
    return float(np.clip(number, 0.0, 1.0)) if np.isfinite(number) else 0.0
