"""A second model for large batches: half of the wells follow hypotheses of another kind.

A Gaussian process on a rugged table (positions of a protein, many categories) sends a whole batch where its own smoothness points;
trees see other things, and go wrong elsewhere. Where trees foretell held-out readings about as well, every other well of a large batch
takes one of their worlds' best point. README, decisions, has what that brings.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from world_model.calibration import Calibration
from world_model.contestants.trees import Trees
from world_model.contract import Training
from world_model.fit import WorldModel
from world_model.judge import crps_by_intervention

from .acquisitions.joined import joined
from .acquisitions.task import Task
from .joint_draws import read_trajectories
from .pool import Pool

ABOUT_AS_WELL = 1.1  # times the picked model's mean CRPS of held-out readings
_LEAF = 1
_WORLDS = 32


def second_opinion(world: WorldModel, *, seed: int) -> WorldModel | None:
    """Trees on what the world model was fitted to; None where they can't be fitted or foretell clearly worse."""
    training: Training = world.training
    trees = Trees(leaf=_LEAF)
    if world.verdict.picked == trees.name or trees.why_not(training) is not None:
        return None
    grown = trees.fit(training, seed=seed)
    own = float(crps_by_intervention(grown.held_out(), training=training).mean())
    first = float(crps_by_intervention(world.fitted.held_out(), training=training).mean())
    return replace(world, fitted=grown, calibration=Calibration.none(*training.values.shape[1:])) if own <= ABOUT_AS_WELL * first else None


def favourites(second: WorldModel, task: Task, pool: Pool, *, size: int, seed: int) -> Tensor:
    """`c` flags: at most `size` candidates, the best of each of its worlds."""
    drawn = second.posterior_at(pool.design).draws(_WORLDS, seed)
    value = joined(second, task, seed=seed)(read_trajectories(second, task, drawn))
    keep = torch.zeros(len(pool), dtype=torch.bool)
    keep[value.topk(min(len(pool), size // _WORLDS), dim=-1).indices.flatten()] = True
    return keep
