"""The kinds of acquisition that are there for knowledge."""

from __future__ import annotations

from collections.abc import Callable

from botorch.acquisition import AcquisitionFunction
from torch import Tensor

from world_model.fit import WorldModel
from world_model.terms.errors import DesignError

from ..acquisitions.member import Member
from ..acquisitions.task import Task
from ..pool import Pool
from ..surrogate.surrogate import Surrogate
from . import discriminate, gain, level_set
from .at_once import informed, straddled


def _straddled(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int) -> list[int]:
    return straddled(world, task, pool=pool, n=n, seed=seed, member=LEVEL_SET)


def _informed(world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int) -> list[int]:
    return informed(world, task, pool=pool, n=n, seed=seed, member=INFORMATION)


def _at_once(surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> AcquisitionFunction:
    """Never asked for: the batch is chosen at once."""
    raise DesignError(f"Expected the whole batch to be chosen at once for {task.goals[0]}, found one point asked for.")


def _wants(direction: str) -> Callable[[Task], bool]:
    return lambda task: task.goals[0].direction == direction


LEVEL_SET = Member(
    name="straddling the threshold", suits=_wants("level set"), build=_at_once, bounds=level_set.bounds, many=_straddled, at_once="always",
    explores=True, why=level_set.why,
)  # fmt: skip
INFORMATION = Member(
    name="expected information", suits=_wants("information"), build=gain.gain, bounds=gain.bounds, many=_informed, followed=False, explores=True,
    why=gain.why,
)
DISCRIMINATE = Member(
    name="telling models apart", suits=_wants("discriminate"), build=_at_once, bounds=discriminate.bounds, many=discriminate.tell_apart,
    at_once="always", explores=True, contestants=discriminate.between, why=discriminate.why,
)  # fmt: skip
