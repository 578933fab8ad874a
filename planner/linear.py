"""Linear constraints in the unit cube, in BoTorch's form `sum(coefficient · x) >= rhs`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.constraints import Linear

BotorchConstraint = tuple[Tensor, Tensor, float]


@dataclass(frozen=True)
class UnitConstraints:
    """Constraints as BoTorch's optimisers take them."""

    inequalities: tuple[BotorchConstraint, ...]
    equalities: tuple[BotorchConstraint, ...]


def unit_constraints(encoder: Encoder) -> UnitConstraints | None:
    """The space's constraints on design columns; None where BoTorch's optimisers can't take one of them there.

    That is: one that is not linear in the design (with a factor on a log scale, or one that may be absent), or an equality of steps.
    """
    inequalities: list[BotorchConstraint] = []
    equalities: list[BotorchConstraint] = []
    for constraint in encoder.space.constraints:
        if not isinstance(constraint, Linear) or not set(constraint.terms) <= set(encoder.space.names):
            return None
        own = [encoder.space[name] for name in constraint.terms]
        if any(factor.only_if for factor in own) or (constraint.equals is not None and any(factor.kind != "continuous" for factor in own)):
            return None
        if any(getattr(encoder.space[name], "scale", "linear") == "log" for name in constraint.terms):
            return None
        if constraint.equals is not None:
            equalities.append(in_unit_cube(encoder, constraint, 1.0, constraint.equals))
        elif constraint.at_least is not None:
            inequalities.append(in_unit_cube(encoder, constraint, 1.0, constraint.at_least))
        elif constraint.at_most is not None:
            inequalities.append(in_unit_cube(encoder, constraint, -1.0, constraint.at_most))
    return UnitConstraints(inequalities=tuple(inequalities), equalities=tuple(equalities))


def in_unit_cube(encoder: Encoder, constraint: Linear, sign: float, bound: float) -> BotorchConstraint:
    """A sum of factors, times a sign, at least a bound times it: on design columns."""
    names = encoder.space.names
    indices, weights, rest = [], [], bound
    for name, weight in constraint.terms.items():
        low, high = encoder.space[name].bounds  # type: ignore[union-attr]
        indices.append(names.index(name))
        weights.append(sign * weight * (high - low))
        rest -= weight * low
    return torch.tensor(indices), torch.tensor(weights, dtype=torch.double), sign * rest
