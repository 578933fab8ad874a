"""What a model gets wrong inside its own data: each fold is foretold by a refit that never saw it, hyper-parameters included."""

from __future__ import annotations

import torch

from world_model.contest import CANT_FIT
from world_model.contestants.registry import named
from world_model.fit import MOST_REFITTED, WorldModel
from world_model.observed import read_out
from world_model.posterior import TrajectoryPosterior
from world_model.terms.goals import Goal

from .stretch import LARGEST_Z, Inside

FOLDS = 5
FEWEST = 8  # interventions: below, a fold leaves too little to fit to
COUNTS_FOR = 0.25  # of a condition: what is left out at random is not like what a planner chooses


def inside(world: WorldModel, goal: Goal, *, seed: int) -> Inside | None:
    """The spread of standardised errors of refits; None where there is too little to refit, or no need to.

    Closed-form leave-one-out keeps the hyper-parameters that were learned from the row that is left out: with few rows they are
    surer of themselves than they may be, most of all where a planner looks next. A fold is a fifth of the
    interventions; what a new plate adds is in the model's own readings, and in the stored predictions of earlier ones.
    """
    training = world.training
    groups = torch.unique(training.groups)
    if not FEWEST <= len(groups) <= MOST_REFITTED:
        return None
    # hours at which only other observables were read don't count as missing
    own = training.as_read[:, :, world.variables.index(goal.readout)]
    read = torch.as_tensor(read_out(goal, own.numpy(), world.times_h.numpy()))
    contestant = named([world.verdict.picked])[0]
    dealt = groups[torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))]
    squares: list[torch.Tensor] = []
    for fold in range(FOLDS):
        out = torch.isin(training.groups, dealt[fold::FOLDS])
        try:
            fitted = contestant.fit(training.take(~out), seed=seed)
        except CANT_FIT:
            return None
        posterior = TrajectoryPosterior(
            design=training.design[out], fitted=fitted, times_h=world.times_h, variables=world.variables, calibration=world.calibration
        )
        told = posterior.readout(goal, of="reading", seed=seed)
        z = ((read[out] - told.mean) / told.sd.clamp_min(1e-12)).clamp(-LARGEST_Z, LARGEST_Z)
        member = training.groups[out]
        squares += [z[(member == group) & torch.isfinite(z)].square().mean() for group in torch.unique(member)]
    known = torch.stack(squares)
    known = known[torch.isfinite(known)]
    if len(known) < FEWEST:
        return None
    return Inside(spread=max(1.0, float(known.mean().sqrt())), conditions=COUNTS_FOR * len(known), why=f"refits on parts of the {len(training)} experiments")
