"""Order and times of the steps: nothing before its dispense, no pipetting through a cover, every window kept."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.errors import ProtocolError
from world_model.terms.quantities import seconds
from world_model.terms.steps import Cover, PlateStep

from ..finding import Finding, errors_in
from ..intent import (
    Add,
    Bring,
    Dispense,
    Fill,
    Incubate,
    Inoculate,
    Mix,
    Pause,
    ProtocolIntent,
    Read,
    Sample,
    Seal,
    SerialDilution,
    Shake,
    Spin,
    Step,
    Thermocycle,
    Unseal,
)
from ..own_steps import own_numbers
from ..schedule.order import NoOrder, order_tasks
from ..schedule.plan_times import plates_graph, why_not
from ..schedule.plate_tasks import PlateWork

_PIPETTED = (Fill, Dispense, Inoculate, Add, Mix, Sample, SerialDilution)
_NEEDS_CONTENTS = (Incubate, Read, Spin, Thermocycle, Bring, Sample, Mix, Shake)
# Light passes a lid or a clear film; foil and breathable film stop or scatter it.
_OPAQUE: tuple[Cover, ...] = ("foil", "breathable film")
_TIGHT: tuple[Cover, ...] = ("foil", "clear film")


def check_timing(work: PlateWork) -> list[Finding]:
    """What is wrong with the order of a plate's steps, their covers and their times."""
    return [*check_order(work.intent, work.own_steps), *check_windows(work)]


def check_order(intent: ProtocolIntent, own: Sequence[PlateStep] = ()) -> list[Finding]:
    """Walk the steps with what the plate holds and what covers it. `own`: the lab file's, whose numbers a person knows."""
    return walk(intent.steps, own)


def faults_by_step(steps: Sequence[PlateStep]) -> dict[int, list[Finding]]:
    """Position in a lab file's steps → errors of order, before a design is known: what has a time of its own is uncovered for it."""
    found = {}
    before: list[Step] = [Dispense(what="diluent")]
    for position, step in enumerate(steps):
        if isinstance(step, Sample) or (isinstance(step, Pause) and step.at is not None):
            continue
        known = len(errors_in(walk(before)))
        before.append(step)
        if faults := errors_in(walk(before))[known:]:
            found[position] = faults
    return found


def walk(steps: Sequence[Step], own: Sequence[PlateStep] = ()) -> list[Finding]:
    """What is wrong with an order of steps, beginning with an empty and open plate."""
    numbers = own_numbers(steps, own)
    found: list[Finding] = []
    dispensed, mixed = False, False
    cover: Cover | None = None
    for number, step in enumerate(steps, start=1):
        where = _where(step, number, numbers.get(number - 1)) if own else f"step {number} ({_called(step)})"
        if isinstance(step, _NEEDS_CONTENTS) and not dispensed:
            found.append(_error(where, "an empty plate", "something dispensed before it", "Move it behind the dispensing."))
        if isinstance(step, _PIPETTED):
            if cover is not None:
                found.append(_error(where, f"a plate covered with {cover}", "an open plate", "Add a step kind = 'unseal' before it."))
            dispensed = dispensed or not isinstance(step, Sample | Mix)
        match step:
            case Seal():
                if cover is not None:
                    found.append(_error(where, f"a plate covered with {cover}", "an open plate", "Leave one of the two covers out."))
                cover = step.cover
                if step.because:
                    found.append(_note(where, f"{step.cover} put back on: {step.because}"))
            case Unseal():
                if cover is None:
                    found.append(_error(where, "an open plate", "a covered plate", "Leave the step out, or cover the plate before."))
                cover = None
                if step.because:
                    found.append(_note(where, f"cover taken off: {step.because}"))
            case Spin() if cover is None:
                found.append(_error(where, "an open plate", "a covered plate, for wells splash", "Add a step kind = 'seal' before it."))
            case Thermocycle() if cover not in _TIGHT:
                found.append(_error(where, f"a plate with {cover or 'no cover'}", "a plate sealed with foil or clear film", "Add a step kind = 'seal' with cover = 'clear film' before it: wells dry out."))
            case Read() if cover in _OPAQUE:
                found.append(_error(where, f"a plate under {cover}", "an open plate, a lid or clear film", "Uncover it first, or use clear film."))
            case Read() if not mixed and dispensed:
                found.append(Finding(rule="timing", severity="warning", where=where, observed="nothing that mixed the wells before it", limit="a step that shakes or mixes after dispensing", mend="Add kind = 'shake' before it."))
                mixed = True
        if isinstance(step, Shake | Mix | Spin) or (isinstance(step, Incubate) and step.shaking is not None):
            mixed = True
        elif isinstance(step, Add):
            mixed = False
        if isinstance(step, Incubate) and cover is None and seconds(step.duration) > _DRIES_S:
            found.append(Finding(rule="timing", severity="warning", where=where, observed=f"an open plate for {step.duration}", limit="a cover for more than 2 h", mend="Add kind = 'seal' before it: wells dry out."))
    return found


# An open well at 37 °C loses some microlitres an hour; two hours are still within pipetting error.
_DRIES_S = 2 * 3600


def check_windows(work: PlateWork) -> list[Finding]:
    """The plate alone on the bench: every addition, sample and hold window can be kept, or by how much it can't."""
    try:
        graph = plates_graph([work])
    except ProtocolError as fault:
        return [_error("the steps", str(fault), "steps that can be timed", "")]
    answer = order_tasks(graph)
    return why_not(graph, answer) if isinstance(answer, NoOrder) else []


def _where(step: Step, number: int, own: int | None) -> str:
    if own is not None:
        return f"your step {own} ({_called(step)})"
    return f"the set-up ({_called(step)})" if isinstance(step, Fill | Dispense | Inoculate) else f"{_called(step)}, which nextwell added as step {number}"


def _called(step: Step) -> str:
    return step.stage if isinstance(step, Add) else step.kind


def _error(where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule="timing", severity="error", where=where, observed=observed, limit=limit, mend=mend)


def _note(where: str, observed: str) -> Finding:
    return Finding(rule="timing", severity="note", where=where, observed=observed, limit="steps as the lab file lists them")
