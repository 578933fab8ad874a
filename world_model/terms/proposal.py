"""What the planner proposes for one round, with its predictions and its reasons."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from world_model.terms.experiment import ExperimentId, Role
from world_model.terms.word import Name, Text, Word


class Prediction(Word):
    """What the model expects of one goal's readout, in the readout's own unit; `low` to `high` is the central 90 %.

    `stretch` is what the model's own sd was multiplied by to give `sd`, for earlier predictions that failed.
    """

    goal: Text
    mean: float
    sd: float = Field(ge=0)
    low: float
    high: float
    stretch: float = Field(1.0, gt=0, exclude_if=lambda stretch: stretch == 1.0)


class ProposedExperiment(Word):
    """One experiment of a batch. `candidate` is the row label where the space is a table."""

    id: ExperimentId
    role: Role
    settings: dict[Name, float | str] = Field(default_factory=dict)
    candidate: int | str | None = None
    repeat_of: ExperimentId | None = None
    predictions: tuple[Prediction, ...] = ()
    reason: Text = ""


class Refusal(Word):
    """A row that an optimiser gave and the space refused."""

    settings: dict[str, float | str]
    why: Text


class Proposal(Word):
    """One round's batch. `strategy` says how it was chosen, `model` what the judge picked and on what evidence."""

    round: int = Field(ge=1)
    experiments: tuple[ProposedExperiment, ...]
    strategy: Text
    model: dict[str, object] = Field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    seed: int
    kind: Literal["proposal"] = "proposal"
