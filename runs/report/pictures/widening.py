"""How the front of several goals has widened: the hypervolume under it after each experiment."""

from __future__ import annotations

import numpy as np

from world_model.pareto import hypervolume, not_dominated, reference_of, scores
from world_model.terms.readings import Dataset

from ...state.campaign_state import CampaignState
from ..conditions import Condition
from .picture import Picture
from .style import BLUE, canvas, plain_ticks, styled


def draw_widening(state: CampaignState, data: Dataset, parts: tuple[tuple[Condition, ...], ...], *, name: str) -> Picture | None:
    """The curve; None where no condition was read for every goal.

    Args:
        parts: each goal's conditions, in the same order.
    """
    goals = state.charter.goals
    read = [row for row in zip(*parts, strict=True) if all(one.read for one in row) and row[0].kept and not row[0].is_control]
    if not read:
        return None
    place = {experiment.id: k for k, experiment in enumerate((e for opened in state.rounds for e in opened.experiments), start=1)}
    first = np.array([min(place.get(id, 0) for id in row[0].ids) for row in read])
    turned = scores(goals, np.array([[one.mean for one in row] for row in read]))
    reference = reference_of(goals, turned)
    span = np.maximum(turned.max(axis=0) - reference, 1e-300)
    share = (turned - reference) / span
    steps = np.arange(0, max(len(place), 1) + 1)
    volumes = np.array([hypervolume(share[first <= k], np.zeros(len(goals))) if (first <= k).any() else 0.0 for k in steps])
    with styled():
        figure = canvas(3.6)
        axes = figure.subplots()
        axes.step(steps, volumes, where="post", color=BLUE, linewidth=2.6)
        axes.set_xlabel("experiments used (every well counts)")
        axes.set_ylabel("hypervolume under the front")
        axes.set_ylim(0, 1.02 * float(volumes.max()) or 1.0)
        plain_ticks(axes)
        told = "; ".join(f"{goal.readout}: {'given' if goal.worst is not None else 'inferred'}" for goal in goals)
        return Picture(
            name=name, title="How the front widened", figure=figure,
            caption=f"The share of the box from the reference to the best of each goal that is beaten by something measured: one point that is best in all would make it 1. Reference ({told}): the worst value that still counts, or a tenth of the front's range below it.",
            alt=f"Hypervolume {volumes[-1]:.3g} after {steps[-1]} experiments, {int(not_dominated(turned).sum())} conditions on the front",
        )  # fmt: skip
