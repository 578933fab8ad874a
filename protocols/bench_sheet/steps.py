"""The intent's steps as sentences with times and a box to tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from ..intent import Add, Dispense, Fill, Inoculate, Pause, ProtocolIntent, Read, Shake, Step
from ..plan import PhysicalPlan
from ..volumes import shown


@dataclass(frozen=True, kw_only=True)
class SheetStep:
    """One line to tick. `moves`: the plate leaves or returns."""

    time: str
    text: str
    moves: bool = False


def sheet_steps(intent: ProtocolIntent, plan: PhysicalPlan) -> list[SheetStep]:
    """What a person does and what the robot does, in order."""
    robot = [step for step in intent.steps if isinstance(step, Fill | Dispense | Inoculate)]
    inoculum = [step for step in robot if isinstance(step, Inoculate)]
    lines = [SheetStep(time="before", text="Take the stocks out, mix them, and fill the places of the list below.")]
    lines += [
        SheetStep(
            time="before",
            text=f"Measure the OD600 of {step.stock}. The volumes hold for OD600 {step.inoculum.value:g}; compile again if it differs.",
        )
        for step in inoculum
    ]
    lines.append(SheetStep(time="before", text="Set the deck as in the picture for setup, with an empty plate and full tip racks."))
    done = "; then ".join(_sentence(step) for step in robot)
    lines.append(SheetStep(time="0 h", text=f"Run setup.py. The robot dispenses {done}."))
    for step in intent.steps:
        if not isinstance(step, Fill | Dispense | Inoculate):
            lines += _lines(step, plan)
    return lines


def _sentence(step: Fill | Dispense | Inoculate) -> str:
    match step:
        case Fill():
            return f"{step.volume} of {step.stock} into unused edge wells"
        case Dispense():
            return {
                "base medium": "base medium into all wells",
                "factors": "the factors' stocks into cultures",
                "diluent": "diluent up to volume",
            }[step.what]
        case Inoculate():
            return f"{step.stock} last, to OD600 {step.final.value:g} (blanks get diluent instead)"
        case _:
            assert_never(step)


def _lines(step: Step, plan: PhysicalPlan) -> Sequence[SheetStep]:
    match step:
        case Shake():
            return [SheetStep(time="", text=f"Shake in the reader for {step.duration}: liquids dispensed from above are mixed in by this.")]
        case Read():
            until = f"until {step.to_h:g} h" if step.to_h is not None else "to the end of the run"
            return [SheetStep(time=f"{step.from_h:g} h", text=f"Read from {step.from_h:g} h {until}.")]
        case Pause():
            return [SheetStep(time=f"{step.at_h:g} h", text=f"{step.what[0].upper()}{step.what[1:]}.", moves=True)]
        case Add():
            stage = next(stage for stage in plan.stages if stage.name == step.stage)
            wells = list(dict.fromkeys(transfer.well for transfer in stage.transfers))
            stocks = ", ".join(
                f"{shown(sum(t.volume_nl for t in stage.transfers if t.stock == name))} {name}"
                for name in dict.fromkeys(t.stock for t in stage.transfers)
            )
            text = f"Run {step.stage}.py ({', '.join(step.factors)}): {stocks} into {len(wells)} wells ({', '.join(wells)}). Set the deck as in its picture first, tips full."
            return [SheetStep(time=f"{step.at_h:g} h", text=text)]
        case _:
            return []
