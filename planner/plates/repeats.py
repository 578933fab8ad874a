"""A new point or a repeat: each well of a batch goes where its reading most raises what will be recommended in the end.

What is recommended in the end is the measured experiment with the best posterior mean, not the one with the luckiest reading. A further
reading is worth what it is expected to add to that best mean (the knowledge gradient; Frazier, Powell and Dayanik 2009), be it of a new
point or one more of a point that was measured or is in the batch already. BoTorch's qKnowledgeGradient optimises over what may be
recommended in a continuous space; here that is a finite set, the measured and the chosen points, so the mean over readings is taken on
that set (Scott, Frazier and Powell 2011), over quasi-random readings of the whole batch that are common to all choices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from botorch.utils.sampling import draw_sobol_normal_samples
from torch import Tensor

from world_model.contestants.trajectory_gp import FittedTrajectoryGP
from world_model.fit import WorldModel
from world_model.readouts import read_out
from world_model.terms.errors import DesignError

from ..acquisitions.bounds import worth_a_look
from ..acquisitions.registry import member_for
from ..acquisitions.task import Task
from ..joint_draws import utilities
from ..pool import Pool
from .rule import BatchRule

READINGS = 128  # hypothetical readings of the batch
NEW = 768  # new points that are compared
_DRAWS = 2048  # joint draws behind mean and covariance, where these have no closed form
_CHUNK = 64


@dataclass(frozen=True)
class Allocated:
    """The wells of a batch, in order: `design` `n x d`; `of` says what each repeats: None for a new point, else where that stands.

    A place below the number of measured points is one of these; one from there on is a well of this batch.
    """

    design: Tensor
    of: tuple[int | None, ...]


@dataclass(frozen=True)
class Moments:
    """Of what designs are worth: `mean` `c`, `covariance` `c x c`, and the variance that one reading's noise adds."""

    mean: Tensor
    covariance: Tensor
    noise: float


def choose_with_repeats(
    world: WorldModel, task: Task, *, pool: Pool, measured: Tensor, pending: Tensor, n: int, seed: int, rule: BatchRule | None = None,
    before: Sequence[Tensor] = (), progress: Callable[[str], None] | None = None,
) -> Allocated:  # fmt: skip
    """The wells of a batch.

    Args:
        pool: new points.
        measured: `m x d`, distinct points that were read and may be read again.
        pending: `p x d`, experiments under way: their readings will be there too.
        before: designs of this batch that were chosen already.

    Raises:
        DesignError: a task that is not one number to be made best, or wells that can't be filled.
    """
    refuse_other_tasks(task)
    few = pool if len(pool) <= NEW else pool.take(worth_a_look(world, member_for(task), task, pool.design, size=NEW, seed=seed))
    waiting = torch.cat([pending, *[point.unsqueeze(0) for point in before]])
    design = torch.cat([measured, few.design, waiting])
    told = moments(world, task, design, seed=seed)
    m, c = len(measured), len(few)
    mean, covariance = told.mean, told.covariance
    readings = draw_sobol_normal_samples(d=len(waiting) + n, n=READINGS, dtype=torch.double, seed=seed).T
    futures = mean.expand(READINGS, -1).clone()
    known = torch.zeros(len(design), dtype=torch.bool)
    known[:m] = True
    for k in range(len(waiting)):
        futures, covariance = _after(futures, covariance, m + c + k, readings[k], noise=told.noise)
        known[m + c + k] = True
    chosen: list[int] = []
    for k in range(n):
        if progress:
            progress(f"choosing well {k + 1} of {n}")
        open_ = torch.ones(m + c, dtype=torch.bool)
        if rule is not None:
            open_ = rule.allowed(design[: m + c], [*before, *design[chosen]])
        if not open_.any():
            raise DesignError(f"Expected {n} wells to fill, found room for {k}. Ask for fewer.")
        options = torch.nonzero(open_).flatten()
        worth = _worth(futures, covariance, options, torch.nonzero(known).flatten(), readings[len(waiting) + k], noise=told.noise)
        best = int(options[worth.argmax()])
        futures, covariance = _after(futures, covariance, best, readings[len(waiting) + k], noise=told.noise)
        known[best] = True
        chosen.append(best)
    return Allocated(design=design[chosen], of=tuple(_repeated(place, chosen[:k], m) for k, place in enumerate(chosen)))


def refuse_other_tasks(task: Task) -> None:
    """Repeats are decided for one number that is to be made best.

    Raises:
        DesignError: any other task.
    """
    if task.is_front or any(goal.direction == "hits" or not goal.seeks_best for goal in task.goals):
        wanted = ", ".join(str(goal) for goal in task.goals)
        raise DesignError(f"Expected one goal to make best (or several that are joined) where replicates = 'auto', found {wanted}. Give a number of replicates.")


def moments(world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Moments:
    """Mean and covariance of what designs `c x d` are worth, and the noise of one reading of it.

    Exact for one goal that is linear in Gaussian coefficients, else of joint draws.
    """
    fitted, goal = world.fitted, task.goals[0]
    linear = len(world.times_h) == 1 or goal.is_linear
    if isinstance(fitted, FittedTrajectoryGP) and len(task.readouts) == 1 and goal.direction in ("max", "min") and linear and fitted.offset is None:
        weights = goal.sign * read_out(goal, fitted.basis.components, times_h=world.times_h, variables=world.variables)
        centre = goal.sign * read_out(goal, fitted.basis.mean, times_h=world.times_h, variables=world.variables)
        mean = centre.expand(len(design)).clone()
        covariance = torch.zeros(len(design), len(design), dtype=torch.double)
        with torch.no_grad():
            for weight, gp in zip(weights.tolist(), fitted.model.gps.models, strict=True):
                if abs(weight) > 1e-12:
                    joint = gp.posterior(design).distribution
                    mean += weight * joint.mean
                    covariance += weight**2 * joint.covariance_matrix
        # of wells beside each other: what a plate of its own would add moves all wells of it alike
        noise = float(weights.square() @ fitted.model.noise_variance())
        return Moments(mean=mean, covariance=covariance, noise=max(noise, 1e-12))
    posterior = world.posterior_at(design[:1])
    noise = max(float(posterior.readout(goal, of="reading", seed=seed).sd.square() - posterior.readout(goal, seed=seed).sd.square()), 1e-12)
    drawn = utilities(world, task, design, n=_DRAWS, seed=seed)
    centred = drawn - drawn.mean(dim=0)
    return Moments(mean=drawn.mean(dim=0), covariance=centred.T @ centred / (_DRAWS - 1), noise=noise)


def _column(covariance: Tensor, place: Tensor, *, noise: float) -> Tensor:
    """`c x o`: by how much one reading at each place moves all means, a standard deviation of that reading from what is expected."""
    return covariance[:, place] / (covariance.diagonal()[place].clamp_min(0) + noise).sqrt()


def _after(futures: Tensor, covariance: Tensor, place: int, reading: Tensor, *, noise: float) -> tuple[Tensor, Tensor]:
    """Means `s x c` under each hypothetical reading, and the covariance that is left, once a place is read."""
    moves = _column(covariance, torch.tensor([place]), noise=noise)[:, 0]
    return futures + reading.unsqueeze(-1) * moves, covariance - torch.outer(moves, moves)


def _worth(futures: Tensor, covariance: Tensor, options: Tensor, known: Tensor, reading: Tensor, *, noise: float) -> Tensor:
    """`o`: the mean of the best posterior mean among known points and the option itself, once the option is read."""
    worth = []
    for block in options.split(_CHUNK):
        moves = _column(covariance, block, noise=noise)
        others = (futures[:, None, known] + reading[:, None, None] * moves[known].T).amax(dim=2)
        own = futures[:, block] + reading[:, None] * moves[block, torch.arange(len(block))]
        worth.append(torch.maximum(others, own).mean(dim=0))
    return torch.cat(worth)


def _repeated(place: int, earlier: Sequence[int], m: int) -> int | None:
    if place < m:
        return place
    return m + earlier.index(place) if place in earlier else None
