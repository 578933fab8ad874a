"""The intent's steps as sentences with times and a box to tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from world_model.terms.goals import Measurement
from world_model.terms.quantities import Quantity, seconds

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
)  # fmt: skip
from ..plan import PhysicalPlan
from ..serial_dilution import dilute
from ..volumes import shown
from .readings import readings


@dataclass(frozen=True, kw_only=True)
class SheetStep:
    """One line to tick. `moves`: the plate leaves or returns. `timer`: what to set a timer to, empty where none is needed."""

    time: str
    text: str
    moves: bool = False
    timer: str = ""


def sheet_steps(
    intent: ProtocolIntent, plan: PhysicalPlan, *, how: Callable[[str], str], pictures: bool, order: Mapping[str, Sequence[str]],
    measurements: Sequence[Measurement] = (), settings: str = "",
) -> list[SheetStep]:  # fmt: skip
    """What a person does and what the robot does, in order.

    Args:
        how: how a stage is pipetted, e.g. `Run setup.py`. `pictures`: whether there are any of the deck.
        order: stage → its liquids as they first go into the plate.
        measurements: what a read step without a mode of its own reads.
        settings: a step before 0 h, of what plate and zones are set to; empty for none.
    """
    robot = [step for step in intent.steps if isinstance(step, Fill | Dispense | Inoculate)]
    lines = [SheetStep(time="before", text="Take the stocks out, mix them, and fill the places of the list below.")]
    lines += [
        SheetStep(
            time="before",
            text=f"Measure the OD600 of {step.stock}. The volumes hold for OD600 {step.inoculum.value:g}; compile again if it differs.",
        )
        for step in robot
        if isinstance(step, Inoculate)
    ]
    lines.append(SheetStep(time="before", text=f"Set out labware, tips and an empty plate{' as in the picture for setup' if pictures else ''}."))
    if settings:
        lines.append(SheetStep(time="before", text=settings))
    done = "; ".join(_goes_in(liquid, plan, robot) for liquid in order["setup"])
    made = "The dilutions of the list below come first. " if plan.dilutions else ""
    lines.append(SheetStep(time="0 h", text=f"{how('setup')}. {made}Into the wells go, in this order: {done}."))
    for step in intent.steps:
        if not isinstance(step, Fill | Dispense | Inoculate):
            lines += _lines(step, plan, how, pictures, order, measurements)
    return lines


def _goes_in(liquid: str, plan: PhysicalPlan, steps: Sequence[Fill | Dispense | Inoculate]) -> str:
    """A liquid's name, and what is particular about it: the edge wells that it fills, or what the cells come to."""
    for step in steps:
        if isinstance(step, Inoculate) and step.stock == liquid:
            return f"{liquid} to OD600 {step.final.value:g} (blanks get diluent instead)"
        if isinstance(step, Fill) and step.stock == liquid:
            empty = {well.well for well in plan.wells if not well.experiment_id}
            elsewhere = any(t.stock == liquid and t.well not in empty for t in plan.stages[0].transfers if t.plate == plan.plate)
            return f"{liquid}, also {step.volume} into unused edge wells" if elsewhere else f"{step.volume} of {liquid} into unused edge wells"
    return liquid


def _lines(
    step: Step, plan: PhysicalPlan, how: Callable[[str], str], pictures: bool, order: Mapping[str, Sequence[str]], measurements: Sequence[Measurement]
) -> Sequence[SheetStep]:  # fmt: skip
    match step:
        case Shake():
            at = f" at {step.speed}" if step.speed is not None else ""
            why = ": liquids dispensed from above are mixed in by this" if step.where == "reader" else ""
            return [_line(f"Shake {'in the reader' if step.where == 'reader' else 'on the shaker'} for {step.duration}{at}{why}.", timer=step.duration)]
        case Mix():
            return [_line(f"Mix {_wells(step.to)} {step.times.value:g} times with {step.volume}.")]
        case Incubate():
            shaken = f", shaking at {step.shaking}" if step.shaking is not None else ""
            return [_line(f"Incubate at {step.temperature} for {_time(step.duration)}{shaken}.", timer=step.duration)]
        case Bring():
            then = f" and hold it there for {_time(step.duration)}" if step.duration is not None else ""
            return [_line(f"{step.kind.capitalize()} the plate to {step.temperature}{then}.", timer=step.duration)]
        case Seal():
            return [_line(f"Cover the plate with {_article(step.cover)}{f' ({step.because})' if step.because else ''}.", moves=bool(step.because))]
        case Unseal():
            return [_line(f"Uncover the plate{f' ({step.because})' if step.because else ''}.", moves=bool(step.because))]
        case Spin():
            cold = f" at {step.temperature}" if step.temperature is not None else ""
            return [_line(f"Spin at {_speed(step.speed)} for {_time(step.duration)}{cold}. Balance with a plate of the same weight.", timer=step.duration)]
        case Thermocycle():
            return [_line(thermocycle_text(step))]
        case Read():
            return [SheetStep(time=_hours(step.start), text=read_text(step, measurements))]
        case Sample():
            goes = f" into {step.to}" if step.to else ""
            return [SheetStep(time=_hours(step.at), text=f"Take {step.volume} from {_wells(step.wells)}{goes}.")]
        case Pause():
            return [SheetStep(time=_hours(step.at), text=f"{step.what[:1].upper()}{step.what[1:]}.", moves=True, timer=_timer(step.duration))]
        case Add():
            stage = next(stage for stage in plan.stages if stage.name == step.stage)
            wells = list(dict.fromkeys(transfer.well for transfer in stage.transfers))
            stocks = ", ".join(
                f"{shown(sum(t.volume_nl for t in stage.transfers if t.stock == name))} {name}"
                for name in order[step.stage]
            )
            text = f"{how(step.stage)} ({', '.join(step.factors)}): {stocks} into {len(wells)} wells ({', '.join(wells)}).{' Set the deck as in its picture first, tips full.' if pictures else ''}"
            return [SheetStep(time=_hours(step.at), text=text)]
        case SerialDilution():
            rows = dilute(step)
            text = (
                f"Dilute {step.stock} in {step.points.value:g} steps of {step.factor.value:g} along {step.along} from {step.first_well}: "
                + "; ".join(f"{shown(row.volume_nl)} from {row.source} into {row.well}" if not row.into_waste else f"discard {shown(row.volume_nl)} of {row.source}" for row in rows)
                + ". Mix each well before the next transfer."
            )
            return [_line(text)]
        case Fill() | Dispense() | Inoculate():
            return []
        case _:
            assert_never(step)


def read_text(step: Read, measurements: Sequence[Measurement] = ()) -> str:
    """What the reader is told: the step's own mode, or the campaign's measurements at their hours."""
    light = ""
    match step.mode:
        case "absorbance":
            light = f" absorbance at {', '.join(map(str, step.wavelengths))}"
        case "fluorescence":
            light = f" fluorescence, excitation {step.excitation}, emission {step.emission}"
        case "luminescence":
            light = " luminescence" + (f" at {step.emission}" if step.emission is not None else "")
    often = f", every {step.every}" if step.every is not None else ""
    warm = f", at {step.temperature}" if step.temperature is not None else ""
    if step.start is None:
        long = f" for {_time(step.duration)}" if step.duration is not None else ""
        due = f": {told}" if step.mode is None and (told := readings(measurements)) else ""
        return f"Read{light}{often}{warm}{long}{due}."
    until = f"until {_hours(step.until)}" if step.until is not None else "to the end of the run"
    due = ""
    if step.mode is None and measurements:
        told = readings(measurements, from_h=seconds(step.start) / 3600, until_h=None if step.until is None else seconds(step.until) / 3600)
        due = f": {told}" if told else ": no reading is due"
    return f"Read{light} from {_hours(step.start)} {until}{often}{warm}{due}."


def thermocycle_text(step: Thermocycle) -> str:
    """The programme in one line."""
    stages = []
    for stage in step.stages:
        plateaus = " → ".join(f"{plateau.temperature} {plateau.duration}" for plateau in stage.plateaus)
        stages.append(f"{stage.cycles.value:g} × ({plateaus})" if stage.cycles.value > 1 else plateaus)
    hold = f"; then hold {step.hold}" if step.hold is not None else ""
    return f"Thermocycle, lid {step.lid}: {'; '.join(stages)}{hold}."


def _line(text: str, *, moves: bool = False, timer: Quantity | None = None) -> SheetStep:
    return SheetStep(time="", text=text, moves=moves, timer=_timer(timer))


def _timer(duration: Quantity | None) -> str:
    return "" if duration is None else _time(duration)


def _time(duration: Quantity) -> str:
    """`24 h`, `1 h 30 min`, `30 s`: as a timer is set."""
    left = round(seconds(duration))
    parts = []
    for unit, size in (("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def _hours(time: Quantity | None) -> str:
    return "" if time is None else f"{round(seconds(time) / 3600, 4):g} h"


def _wells(which: str) -> str:
    return {"all": "each well", "cultures": "each well with an experiment", "edge": "each edge well"}[which]


def _article(cover: str) -> str:
    return "foil" if cover == "foil" else f"a {cover}"


def _speed(speed: Quantity) -> str:
    return f"{speed.value:g} × g"
