"""The convex part of a space about one of its points: levels, steps and absences as they are there, the continuous factors free."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from botorch.utils.sampling import get_polytope_samples
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.cardinality import NOTHING, Cardinality, minimum_of
from world_model.terms.condition import Condition
from world_model.terms.constraints import Linear
from world_model.terms.custom import Custom
from world_model.terms.exclusion import Exclude
from world_model.terms.factors import Continuous
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product
from world_model.terms.programme import plain

from .linear import BotorchConstraint, in_unit_cube

_ABOVE_NOTHING = 1e-4  # of a factor's range: what is present stays above this
_INSIDE = 1e-7  # of a range: how far strict ends are kept

Slack = Callable[[Tensor], Tensor]  # a design `d` → how much room is left, at least 0 where it is met


@dataclass
class Region:
    """Attributes:
    point: `d`, the design that the region is about.
    low, high: `d`, the ends of each column; equal where it is fixed.
    inequalities, equalities: in BoTorch's form, on design columns.
    slacks: constraints that are not linear.
    is_said: False where a function of the user's own takes part: its answers alone decide.
    """

    point: Tensor
    low: Tensor
    high: Tensor
    inequalities: list[BotorchConstraint] = field(default_factory=list)
    equalities: list[BotorchConstraint] = field(default_factory=list)
    slacks: list[Slack] = field(default_factory=list)
    is_said: bool = True

    @property
    def free(self) -> list[int]:
        """Columns that may move."""
        return torch.nonzero(self.high > self.low + 1e-12).flatten().tolist()

    @property
    def fixed(self) -> dict[int, float]:
        """Columns that may not, with their places."""
        return {i: float(self.point[i]) for i in range(len(self.point)) if i not in self.free}

    def samples(self, n: int, *, seed: int) -> Tensor:
        """`m x d` points of the region's linear part, the point itself where nothing can move."""
        free = self.free
        if not free or n < 1:
            return self.point.unsqueeze(0)
        try:
            drawn = get_polytope_samples(
                n=n, bounds=torch.stack([self.low[free], self.high[free]]), inequality_constraints=self.reduced(self.inequalities) or None,
                equality_constraints=self.reduced(self.equalities) or None, seed=seed, n_burnin=64, n_thinning=2,
            )  # fmt: skip
        except (ValueError, RuntimeError):
            return self.point.unsqueeze(0)  # no interior: the equalities leave this point alone
        whole = self.point.repeat(len(drawn), 1)
        whole[:, free] = drawn.clamp(0.0, 1.0)
        return whole

    def reduced(self, constraints: list[BotorchConstraint]) -> list[BotorchConstraint]:
        """The constraints on the free columns alone."""
        free = self.free
        told = []
        for indices, weights, bound in constraints:
            inside = torch.tensor([int(i) in free for i in indices])
            if inside.any():
                rest = bound - float((weights[~inside] * self.point[indices[~inside]]).sum())
                told.append((torch.tensor([free.index(int(i)) for i in indices[inside]]), weights[inside], rest))
        return told


def region_about(encoder: Encoder, point: Tensor) -> Region | None:
    """The region of a feasible design `d`; None where no continuous factor can move."""
    space = encoder.space
    d = len(space.factors)
    absent = encoder.absent(point.unsqueeze(0))
    moves = torch.tensor([isinstance(factor, Continuous) and (absent is None or not bool(absent[0, i])) for i, factor in enumerate(space.factors)])
    region = Region(point=point, low=torch.where(moves, torch.zeros(d), point).double(), high=torch.where(moves, torch.ones(d), point).double())
    values = {name: column[0] for name, column in encoder.columns(point.unsqueeze(0)).items()}
    for i, factor in enumerate(space.factors):
        if moves[i] and isinstance(factor, Continuous) and factor.zero_or_at_least is not None:
            _keep_present(region, i, present=values[factor.name] > 0, least=factor.zero_or_at_least / factor.high)
        for name, condition in (factor.only_if or {}).items():
            _keep_truth(encoder, region, name, condition, values)
    for constraint in space.constraints:
        match constraint:
            case Mixture():
                _add_linear(encoder, region, constraint.whole)
                if constraint.parts is not None:
                    _keep_parts(encoder, region, constraint.parts, values)
            case Cardinality():
                _keep_parts(encoder, region, constraint, values)
            case Linear():
                _add_linear(encoder, region, constraint)
            case Product():
                _add_product(encoder, region, constraint)
            case Exclude():
                _keep_out(encoder, region, constraint, values)
            case Custom():
                region.is_said = False
    return region if region.free else None


def _keep_present(region: Region, column: int, *, present: bool, least: float) -> None:
    if not present:
        region.low[column] = region.high[column] = region.point[column]
    else:
        region.low[column] = max(float(region.low[column]), min(least, float(region.point[column])))


def _keep_parts(encoder: Encoder, region: Region, word: Cardinality, values: dict[str, float]) -> None:
    for name in word.of:
        column, high = encoder.space.names.index(name), encoder.space[name].bounds[1]  # type: ignore[union-attr]
        least = max(minimum_of(word.minimum, name) / high, _ABOVE_NOTHING if word.at_least else 0.0)
        _keep_present(region, column, present=abs(values[name]) > NOTHING, least=least)


def _keep_truth(encoder: Encoder, region: Region, name: str, condition: Condition, values: dict[str, float]) -> None:
    """Whether a condition holds stays as it is at the point."""
    column = encoder.space.names.index(name)
    if region.high[column] <= region.low[column] or condition.values:
        return
    if not condition.holds(np.array([values[name]]))[0]:
        _keep_false(encoder, region, name, condition, values)
        return
    if condition.low is not None:
        region.low[column] = max(float(region.low[column]), _place(encoder, name, condition.low) + (_INSIDE if condition.above is not None else 0.0))
    if condition.high is not None:
        region.high[column] = min(float(region.high[column]), _place(encoder, name, condition.high) - (_INSIDE if condition.below is not None else 0.0))


def _keep_false(encoder: Encoder, region: Region, name: str, condition: Condition, values: dict[str, float]) -> None:
    """A range stays on the side that the point is on."""
    column = encoder.space.names.index(name)
    if condition.low is not None and values[name] <= condition.low:
        region.high[column] = min(float(region.high[column]), _place(encoder, name, condition.low) - (_INSIDE if condition.at_least is not None else 0.0))
    elif condition.high is not None and values[name] >= condition.high:
        region.low[column] = max(float(region.low[column]), _place(encoder, name, condition.high) + (_INSIDE if condition.at_most is not None else 0.0))


def _keep_out(encoder: Encoder, region: Region, word: Exclude, values: dict[str, float]) -> None:
    """One condition that fails at the point goes on to fail: one on a fixed factor if there is any."""
    names = encoder.space.names
    own = {name: condition for name, condition in word.when.items() if name in names}
    failing = [name for name, condition in own.items() if not condition.holds(np.array([values[name]]), encoder.space.level_names.get(name))[0]]
    if any(region.high[names.index(name)] <= region.low[names.index(name)] for name in failing) or not failing:
        return
    _keep_false(encoder, region, failing[0], own[failing[0]], values)


def _add_linear(encoder: Encoder, region: Region, word: Linear) -> None:
    space = encoder.space
    derived = {one.name: one for one in space.derived}
    told = plain(word, derived, {factor.name: factor for factor in space.factors})
    if told is None or any(getattr(space[name], "scale", "linear") == "log" for name in told.terms):
        _add_slack(encoder, region, word)
    elif told.equals is not None:
        region.equalities.append(in_unit_cube(encoder, told, 1.0, told.equals))
    else:
        region.inequalities.append(in_unit_cube(encoder, told, 1.0 if told.at_least is not None else -1.0, told.bound))


def _add_slack(encoder: Encoder, region: Region, word: Linear) -> None:
    """A sum that is not linear in the unit cube: factors on a log scale, derived ratios and products."""
    sign = 1.0 if word.at_least is not None else -1.0
    derived = {one.name: one for one in encoder.space.derived}

    def slack(design: Tensor) -> Tensor:
        numbers = _numbers(encoder, design, {part for name in word.terms for part in (derived[name].of if name in derived else (name,))})
        total = sum(weight * (derived[name].value(numbers) if name in derived else numbers[name]) for name, weight in word.terms.items())
        return torch.as_tensor(sign * (total - word.bound) / word.size)

    if word.equals is not None:
        region.is_said = False
    else:
        region.slacks.append(slack)


def _add_product(encoder: Encoder, region: Region, word: Product) -> None:
    sign = 1.0 if word.at_least is not None else -1.0
    derived = {one.name: one for one in encoder.space.derived}

    def slack(design: Tensor) -> Tensor:
        numbers = _numbers(encoder, design, {part for name in word.powers for part in (derived[name].of if name in derived else (name,))})
        cells = {name: derived[name].value(numbers) if name in derived else numbers[name] for name in word.powers}
        total = sum(power * torch.log(cells[name].clamp_min(1e-30)) for name, power in word.powers.items())
        return torch.as_tensor(sign * (total - math.log(word.bound)))

    if word.equals is not None:
        region.is_said = False
    else:
        region.slacks.append(slack)


def _numbers(encoder: Encoder, design: Tensor, names: set[str]) -> dict[str, Tensor]:
    """Numbers in the factors' units, with gradients."""
    told = {}
    for name in names:
        factor = encoder.space[name]
        low, high = factor.bounds  # type: ignore[union-attr]
        inside = design[..., encoder.space.names.index(name)]
        if getattr(factor, "scale", "linear") == "log":
            told[name] = torch.exp(math.log(low) + inside * (math.log(high) - math.log(low)))
        else:
            told[name] = low + inside * (high - low)
    return told


def _place(encoder: Encoder, name: str, value: float) -> float:
    return float(encoder.column(name, np.array([value]))[0])
