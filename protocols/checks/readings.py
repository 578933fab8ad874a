"""Steps against the hours at which a campaign is measured: a plate that nobody reads answers nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from world_model.terms.quantities import seconds
from world_model.terms.steps import PlateStep, Read, Sample

from ..finding import Finding
from ..intent import ProtocolIntent
from ..weaving import step_s

# A reading this much beside its hour is still that hour's: sealing, shaking and carrying come before it.
NEAR_H = 0.25


@dataclass(frozen=True, kw_only=True)
class Span:
    """Hours after the campaign's zero during which a plate is read, or a sample is taken; `last_h` None: to the run's end."""

    first_h: float
    last_h: float | None

    def covers(self, hour: float) -> bool:
        return self.first_h - NEAR_H <= hour and (self.last_h is None or hour <= self.last_h + NEAR_H)


def read_spans(steps: Sequence[PlateStep]) -> tuple[Span, ...]:
    """When the plate is read by the steps' own lengths, and when samples are taken of it."""
    spans, clock_h = [], 0.0
    for step in steps:
        if isinstance(step, Sample):
            at_h = seconds(step.at) / 3600
            spans.append(Span(first_h=at_h, last_h=at_h))
            continue
        length_s = step_s(step)
        if isinstance(step, Read):
            endless = length_s is None or (step.every is not None and step.duration is None)
            spans.append(Span(first_h=clock_h, last_h=None if endless else clock_h + (length_s or 0.0) / 3600))
        clock_h += (length_s or 0.0) / 3600
    return tuple(spans)


def uncovered(steps: Sequence[PlateStep], hours: Sequence[float]) -> tuple[float, ...]:
    """The hours at which no step reads and none takes a sample. Without steps the plate is shaken and read to the run's end."""
    spans = read_spans(steps)
    return tuple(hour for hour in hours if steps and not any(span.covers(hour) for span in spans))


def check_reading(intent: ProtocolIntent, *, run_s: float | None) -> list[Finding]:
    """A plate that is to be read at times (`run_s` ends the last one) has a step that reads it or takes samples."""
    if run_s is None or any(isinstance(step, Read | Sample) for step in intent.steps):
        return []
    return [
        Finding(
            rule="timing", severity="error", where="the steps", observed="none that reads the plate or takes samples of it",
            limit=f"readings until {run_s / 3600:g} h, as the campaign's measurements say", mend=READ_MEND,
        )
    ]  # fmt: skip


READ_MEND = "Add [[steps]] kind = 'read' (without a mode it reads what the measurements say, to the last hour), or kind = 'sample'."
