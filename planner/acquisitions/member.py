"""One kind of acquisition: when it is the one that is wanted, what it needs of a model, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from botorch.acquisition import AcquisitionFunction
from torch import Tensor

from world_model.contract import Contestant
from world_model.encoding import Encoder
from world_model.fit import WorldModel

from ..pool import Pool
from ..surrogate.surrogate import Surrogate
from .task import Task


@dataclass(frozen=True)
class Needs:
    """What an acquisition needs of the surrogate beyond joint samples, which every one gives.

    Attributes:
        gaussian: exact Gaussian posteriors (closed forms, conditioning).
        gradients: it is of use only where it can be followed uphill.
        fantasies: the model conditioned on what was not measured yet.
    """

    gaussian: bool = False
    gradients: bool = False
    fantasies: bool = False


class Build(Protocol):
    """Builds the acquisition of one more point. `waiting` `p x d` are designs under way or chosen before it."""

    def __call__(self, surrogate: Surrogate, task: Task, *, waiting: Tensor, seed: int) -> AcquisitionFunction: ...


class Bounds(Protocol):
    """What a design may be worth at best, from marginals alone: `c x k`, one column a reason to look closer at a candidate."""

    def __call__(self, world: WorldModel, task: Task, design: Tensor, *, seed: int) -> Tensor: ...


class ChooseMany(Protocol):
    """Chooses a large batch at once: `n` distinct positions in the pool, as `joint_draws.choose_by_draws` does."""

    def __call__(self, world: WorldModel, task: Task, *, pool: Pool, n: int, seed: int) -> list[int]: ...


class Why(Protocol):
    """Why each of some designs `n x d` was chosen, a sentence a row."""

    def __call__(self, world: WorldModel, task: Task, design: Tensor, *, seed: int) -> list[str]: ...


@dataclass(frozen=True)
class Member:
    """A kind of acquisition.

    Attributes:
        name: as the strategy of a proposal tells it ("3 by NAME (wide model)").
        suits: whether it is what a task wants; the first member that suits is taken.
        build: one point at a time.
        needs: of the surrogate.
        bounds: which candidates of a large pool are looked at; None: the upper bounds of the goals.
        looks_at: at most so many candidates of a pool, where each is dear to judge; None: as many as the search can bear.
        many: how a large batch is chosen; None: by joint draws of the goals.
        at_once: which batches `many` chooses: large ones, or all.
        followed: its gradient leads somewhere; else candidates are compared.
        explores: it does so where the model knows little, so that no part of a batch is left to space-filling.
        contestants: the world models that compete where nobody asked for others; None: the planner's own.
        why: the reason of each choice; None: as improvements give theirs.
    """

    name: str
    suits: Callable[[Task], bool]
    build: Build
    needs: Needs = Needs()
    bounds: Bounds | None = None
    looks_at: int | None = None
    many: ChooseMany | None = None
    at_once: Literal["large", "always"] = "large"
    followed: bool = True
    explores: bool = False
    contestants: Callable[[Task, Encoder], Sequence[str | Contestant]] | None = None
    why: Why | None = None
