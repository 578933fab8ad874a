"""A round while it is planned: what is fixed, and what has been chosen so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.fit import WorldModel
from world_model.terms.campaign_doc import Batch
from world_model.terms.goals import Goal
from world_model.terms.proposal import Refusal
from world_model.terms.space import Settings

from .beliefs.beliefs import Beliefs
from .greedy import is_near
from .honesty.correction import Correction
from .plates.rule import BatchRule

Snap = Callable[[dict[str, float | str]], Settings | None]


@dataclass(frozen=True)
class Seeds:
    """Children of a campaign's seed, one a purpose, so that no two choices of a round share their chance."""

    pool: int
    choice: int
    model: int
    told: int


@dataclass(frozen=True)
class Frame:
    """What is fixed while a round is planned.

    Attributes:
        done: `n x d`, designs that were measured; `waiting`: `p x d`, those under way.
        batch: what the campaign file says of a batch.
        rule: which values its wells share, or None.
        snap: moves settings to what the bench can reach, or says None where it reaches nothing near.
        rounds_left: rounds that the budget still holds, this one among them; None where nobody says.
    """

    encoder: Encoder
    round: int
    done: Tensor
    waiting: Tensor
    batch: Batch
    rule: BatchRule | None
    snap: Snap | None
    seeds: Seeds
    progress: Callable[[str], None] | None = None
    rounds_left: int | None = None

    @property
    def known(self) -> Tensor:
        """What is not proposed again."""
        return torch.cat([self.done, self.waiting])

    def say(self, what: str) -> None:
        """Tell the progress, where somebody listens."""
        if self.progress:
            self.progress(what)


@dataclass
class Chosen:
    """Designs of a batch with why each is in it; `world` is None where no model was asked; `repeats`: which of them repeats what, an id
    or a place."""

    design: list[Tensor] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    strategy: list[str] = field(default_factory=list)
    world: WorldModel | None = None
    goals: tuple[Goal, ...] = ()
    refused: list[Refusal] = field(default_factory=list)
    model: dict[str, object] = field(default_factory=dict)
    correction: Correction | None = None
    beliefs: Beliefs | None = None
    repeats: dict[int, int | str] = field(default_factory=dict)

    def add(self, design: Sequence[Tensor] | Tensor, reasons: Sequence[str], *, strategy: str) -> None:
        """More designs, each with its reason."""
        self.design.extend(design)
        self.reasons.extend(reasons)
        self.strategy.append(strategy)

    @property
    def told(self) -> str:
        """How the batch was chosen, and how much wider its intervals are than the model's own."""
        parts = (" + ".join(self.strategy), self.beliefs.told if self.beliefs and self.world else "", self.correction.told if self.correction else "")
        return "; ".join(part for part in parts if part)


def repaired(frame: Frame, point: Tensor, *, rule: BatchRule | None, chosen: Chosen) -> Tensor | None:
    """An optimiser's point as the bench and the space take it; None where they don't, which is kept with the reason."""
    settings = frame.encoder.settings(point.unsqueeze(0))[0]
    moved = frame.snap(settings) if frame.snap else settings
    reached = settings if moved is None else dict(moved)
    reasons = ["the bench can't make it"] if moved is None else frame.encoder.space.reasons_against(reached)
    if reasons:
        chosen.refused.append(Refusal(settings=reached, why="; ".join(reasons)))
        return None
    design = frame.encoder.design_of([reached])[0]
    if rule is not None:
        design = rule.aligned(design.unsqueeze(0))[0]
    return None if is_near(design, frame.known) else design
