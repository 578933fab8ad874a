"""The optimiser in spaces whose constraints are not all linear: BoTorch's inside convex regions, steps between them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.fixed_feature import FixedFeatureAcquisitionFunction
from botorch.exceptions.errors import CandidateGenerationError
from botorch.optim import optimize_acqf
from botorch.utils.sampling import manual_seed
from torch import Tensor

from world_model.encoding import Encoder

from .draws import feasible, to_levels
from .regions import Region, region_about
from .thin import steps_from

_NEIGHBOURS, _ROUNDS = 128, 3


def search_regions(encoder: Encoder, worth: AcquisitionFunction, *, starts: Tensor, kept: Mapping[int, float], seed: int) -> Tensor | None:
    """The best design `d` that is found from some feasible ones; None where none is better than the first of these.

    Absences, levels and steps stay as they are at a start while BoTorch moves the continuous factors under linear and smooth
    constraints; then steps to neighbours that differ in a level, in a step or in what is present, and BoTorch again about the best.

    Args:
        starts: `s x d`, the best first.
        kept: design columns that stay at a value.
    """
    best, value = starts[0], _value(worth, starts[:1])[0]
    curved = any(region.slacks for start in starts[:1] if (region := region_about(encoder, start)) is not None)
    for k, start in enumerate(starts[:1] if curved else starts):
        best, value = _better(encoder, worth, _moved_within(encoder, worth, start, kept=kept, seed=seed + k), best, value)
    if any(factor.kind != "continuous" for factor in encoder.space.factors) or encoder.space.constraints:
        for k in range(1 if curved else _ROUNDS):
            before = best
            around = steps_from(encoder, best.repeat(_NEIGHBOURS, 1), to_levels=to_levels, seed=seed + k)
            for column, place in kept.items():
                around[:, column] = place
            around = around[feasible(encoder, around)]
            if len(around):
                values = _value(worth, around)
                best, value = (around[int(values.argmax())], values.max()) if float(values.max()) > float(value) else (best, value)
            if torch.equal(before, best):
                break
            best, value = _better(encoder, worth, _moved_within(encoder, worth, best, kept=kept, seed=seed + k), best, value)
    return None if torch.equal(best, starts[0]) else best


def _moved_within(encoder: Encoder, worth: AcquisitionFunction, start: Tensor, *, kept: Mapping[int, float], seed: int) -> Tensor | None:
    region = region_about(encoder, start)
    if region is None or not region.is_said:
        return None
    for column in kept:
        region.low[column] = region.high[column] = start[column]
    free = region.free
    if not free:
        return None
    held = [i for i in range(len(start)) if i not in free]
    inner = FixedFeatureAcquisitionFunction(worth, d=len(start), columns=held, values=start[held]) if held else worth
    slacks = [(lambda x, slack=slack: slack(_whole(region, free, x)), True) for slack in region.slacks]
    with manual_seed(seed):
        try:
            point, _ = optimize_acqf(
                inner, bounds=torch.stack([region.low[free], region.high[free]]), q=1, num_restarts=1,
                batch_initial_conditions=start[free].clamp(region.low[free], region.high[free]).reshape(1, 1, -1),
                inequality_constraints=region.reduced(region.inequalities) or None, equality_constraints=region.reduced(region.equalities) or None,
                nonlinear_inequality_constraints=slacks or None, options={"maxiter": 60, "batch_limit": 1},
            )  # fmt: skip
        except (ValueError, CandidateGenerationError):
            return None  # SLSQP got stuck on a curved bound: the steps between regions go on from the start
    whole = start.clone()
    whole[free] = point.reshape(-1)
    return whole


def _whole(region: Region, free: list[int], part: Tensor) -> Tensor:
    whole = region.point.clone()
    whole[free] = part
    return whole


def _better(encoder: Encoder, worth: AcquisitionFunction, found: Tensor | None, best: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    if found is None:
        return best, value
    point = encoder.design_of(encoder.settings(found.unsqueeze(0)))
    if not bool(feasible(encoder, point)[0]):
        return best, value
    own = _value(worth, point)[0]
    return (point[0], own) if float(own) > float(value) else (best, value)


def _value(worth: AcquisitionFunction, points: Tensor) -> Tensor:
    with torch.no_grad():
        told: Tensor = worth(points.unsqueeze(-2))
    return told
