"""A second model for large batches: half of the wells follow hypotheses of another kind.

A Gaussian process on a rugged table (positions of a protein, many categories) sends a whole batch where its own smoothness points;
trees see other things, and go wrong elsewhere. Where boosted trees foretell held-out readings clearly better than the mean does, every other
well of a large batch takes one of their worlds' best point. (Against the picked model they are not held: its closed-form leave-one-out keeps
hyper-parameters that have seen the row.) README, decisions, has what that brings.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from world_model.calibration import Calibration
from world_model.contestants.boosted import Boosted
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.fit import WorldModel
from world_model.judge import crps_by_intervention

from .acquisitions.joined import joined
from .acquisitions.task import Task
from .joint_draws import read_trajectories
from .pool import Pool

CLEARLY = 0.8  # of the mean CRPS of a model without effects
_WORLDS = 8


def second_opinion(world: WorldModel, *, seed: int) -> WorldModel | None:
    """Boosted trees on what the world model was fitted to; None where they can't be fitted, or have learned too little."""
    training = world.training
    trees, still = Boosted(), TrajectoryGP(name="mean", family="mean")
    if trees.why_not(training) is not None:
        return None
    grown = trees.fit(training, seed=seed)
    told, nothing = (float(crps_by_intervention(one.held_out(), training=training).mean()) for one in (grown, still.fit(training, seed=seed)))
    return replace(world, fitted=grown, calibration=Calibration.none(*training.values.shape[1:])) if told <= CLEARLY * nothing else None


def favourites(second: WorldModel, task: Task, pool: Pool, *, size: int, seed: int) -> Tensor:
    """`c` flags: at most `size` candidates, the best of each of its worlds."""
    drawn = second.posterior_at(pool.design).draws(_WORLDS, seed)
    value = joined(second, task, seed=seed)(read_trajectories(second, task, drawn))
    keep = torch.zeros(len(pool), dtype=torch.bool)
    keep[value.topk(min(len(pool), size // _WORLDS), dim=-1).indices.flatten()] = True
    return keep
