"""Steps and additions woven into one order: an incubation or a run of readings is interrupted, nothing else is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from world_model.terms.quantities import Quantity, seconds
from world_model.terms.steps import Cover, PlateStep

from .intent import (
    Add,
    Bring,
    Incubate,
    Mix,
    Pause,
    Read,
    Sample,
    Seal,
    SerialDilution,
    Shake,
    Spin,
    Step,
    Thermocycle,
    Unseal,
)  # fmt: skip

SHAKE_S = 30.0
_FOR_PIPETTE = "a covered plate can't be pipetted into"
_COVERED_AGAIN = "it was covered before"


def shake_in_reader() -> Shake:
    """What mixes liquids that were dispensed from above."""
    return Shake(duration=Quantity(value=SHAKE_S, unit="s", source="default"))


def weave(steps: Sequence[PlateStep], additions: Iterable[Add], *, onto: str = "the robot's deck") -> tuple[Step, ...]:
    """The plate's steps after the set-up, with what has a time of its own at its time.

    `onto` is where a plate is pipetted. A step that can't be interrupted (a spin, a shake) is finished first; whether that is too late is for the check of times.
    """
    timed: list[Add | Sample | Pause] = [*additions]
    timed += [step for step in steps if isinstance(step, Sample) or (isinstance(step, Pause) and step.at is not None)]
    due = sorted(timed, key=_due_s)
    woven: list[Step] = []
    clock_s, cover = 0.0, None
    for step in steps:
        if isinstance(step, Sample) or (isinstance(step, Pause) and step.at is not None):
            continue
        rest: PlateStep = step
        while due:
            length_s = step_s(rest)
            if _due_s(due[0]) > clock_s and not isinstance(rest, Incubate | Read):
                break
            if length_s is not None and _due_s(due[0]) >= clock_s + length_s and _due_s(due[0]) > clock_s:
                break
            rest = _until(rest, clock_s, _due_s(due[0]), woven)
            clock_s = max(clock_s, _due_s(due[0]))
            woven += _event(due.pop(0), cover, inside=step, onto=onto)
        woven.append(_from(rest, clock_s))
        clock_s += step_s(rest) or 0.0
        cover = step.cover if isinstance(step, Seal) else None if isinstance(step, Unseal) else cover
    for event in due:
        woven += _event(event, cover, inside=None, onto=onto)
    return tuple(woven)


def _due_s(event: Add | Sample | Pause) -> float:
    return seconds(event.at) if event.at is not None else 0.0


def step_s(step: PlateStep) -> float | None:
    """How long a step takes by its own words; None: until something else begins."""
    match step:
        case Read():
            return seconds(step.duration) if step.duration is not None else None if step.mode is None else 0.0
        case Shake(where="reader"):
            return 0.0  # a part of the reader's run
        case Incubate() | Shake() | Spin():
            return seconds(step.duration)
        case Thermocycle():
            return programme_s(step)
        case Bring() | Pause():
            return seconds(step.duration) if step.duration is not None else 0.0
        case Seal() | Unseal() | Mix() | SerialDilution() | Sample():
            return 0.0
        case _:
            assert_never(step)


def programme_s(step: Thermocycle) -> float:
    """A thermocycler's programme without its ramps."""
    return sum(stage.cycles.value * sum(seconds(plateau.duration) for plateau in stage.plateaus) for stage in step.stages)


def _until(step: PlateStep, clock_s: float, due_s: float, woven: list[Step]) -> PlateStep:
    """The part of a step before an interruption goes to `woven`; the rest is handed back."""
    part_s = due_s - clock_s
    if part_s <= 0:
        return step
    if isinstance(step, Incubate):
        woven.append(step.model_copy(update={"duration": _hours(part_s)}))
        return step.model_copy(update={"duration": _hours(seconds(step.duration) - part_s)})
    if isinstance(step, Read):
        woven.append(step.model_copy(update={"start": _hours(clock_s), "until": _hours(due_s), "duration": None if step.duration is None else _hours(part_s)}))
        return step.model_copy(update={"duration": None if step.duration is None else _hours(seconds(step.duration) - part_s)})
    return step


def _from(step: PlateStep, clock_s: float) -> PlateStep:
    if not isinstance(step, Read) or (step.mode is not None and step.duration is None):
        return step
    until = None if step.duration is None else _hours(clock_s + seconds(step.duration))
    return step.model_copy(update={"start": _hours(clock_s), "until": until})


def _event(event: Add | Sample | Pause, cover: Cover | None, *, inside: PlateStep | None, onto: str) -> list[Step]:
    """An event with what hands do around it: the plate out of its machine, uncovered, covered and back."""
    if isinstance(event, Pause):
        return [event]
    place = "reader" if isinstance(inside, Read) else "incubator" if isinstance(inside, Incubate) else None
    out: list[Step] = []
    deck = f"put it on {onto if isinstance(event, Add) else 'the bench'}"
    if place is not None:
        out.append(Pause(at=event.at, what=f"take the plate out of the {place} and {deck}"))
    if cover is not None:
        out.append(Unseal(because=_FOR_PIPETTE))
    out.append(event)
    if cover is not None:
        out.append(Seal(cover=cover, because=_COVERED_AGAIN))
    # what was dispensed from above lies on top until it is mixed in
    unmixed = isinstance(event, Add) and not (isinstance(inside, Incubate) and inside.shaking is not None)
    if place == "reader":
        out.append(Pause(at=event.at, what="return the plate to the reader and go on with the same run"))
        out += [shake_in_reader()] if unmixed else []
    else:
        out += [Shake(duration=Quantity(value=SHAKE_S, unit="s", source="default"), where="shaker")] if unmixed else []
        out += [Pause(at=event.at, what="return the plate to the incubator")] if place == "incubator" else []
    return out


def _hours(time_s: float) -> Quantity:
    return Quantity(value=time_s / 3600, unit="h", source="design")
