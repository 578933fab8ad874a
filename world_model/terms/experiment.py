"""One unit treated once: what is done to it, and the part that it plays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from world_model.terms.interventions import Intervention
from world_model.terms.word import Name, NonNegative, Word

Role = Literal["candidate", "control", "replicate", "calibration", "blank", "unused"]
ExperimentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]


class Experiment(Word):
    """One unit treated once. Every time is in hours after the campaign's named zero.

    `sample_times_h` is empty for an end point (read once, at the end). `context` holds what the campaign keeps fixed.
    """

    id: ExperimentId
    system: Name
    interventions: tuple[Intervention, ...] = ()
    context: dict[Name, float | str] = Field(default_factory=dict)
    sample_times_h: tuple[NonNegative, ...] = ()
    role: Role = "candidate"
    repeat_of: ExperimentId | None = None
