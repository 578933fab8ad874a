"""One plate's tasks and windows, from its intent and the robot's run times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import assert_never

from world_model.terms.errors import ProtocolError
from world_model.terms.quantities import celsius, seconds
from world_model.terms.steps import PlateStep, Timing

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
from ..weaving import programme_s, step_s
from .tasks import Task, Window

# Estimates where neither intent nor maker says it; they size tasks and never volumes.
READ_ONCE_S = 60  # a whole plate at one wavelength
RAMP_C_PER_S = 2.0  # a thermocycler's block, on average
MIX_WELL_S = 10
DILUTE_WELL_S = 20
# Where a plate is kept at its temperature.
_KEPT = ("reader", "incubator", "thermocycler")


@dataclass(frozen=True, kw_only=True)
class PlateWork:
    """What the schedule needs to know of one plate.

    Attributes:
        stage_s: stage name → seconds that its pipetting takes, by the robot's estimate.
        wells: how many wells hold an experiment.
        pipettes: who pipettes: `robot`, or `person`.
        run_s: the end of the last reading after the plate's zero; None where nobody said.
        own_steps: the lab file's, as the user wrote them.
    """

    intent: ProtocolIntent
    stage_s: Mapping[str, float]
    wells: int
    timing: Timing = field(default_factory=Timing)
    pipettes: str = "robot"
    run_s: float | None = None
    own_steps: tuple[PlateStep, ...] = ()


@dataclass
class _Chain:
    """Tasks of one plate as they follow each other."""

    work: PlateWork
    tasks: list[Task] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    kept: str | None = None
    clock_s: float = 0.0
    """Where the steps' own words put the end of the step before, after the zero: as the steps were woven."""
    added: str | None = None

    @property
    def plate(self) -> str:
        return self.work.intent.plate

    @property
    def zero(self) -> str:
        return f"{self.plate}/setup"

    def add(self, kind: str, what: str, resource: str, duration_s: float, *, stretches: bool = False, hands: bool = False) -> Task:
        """A task after the one before. A plate that changes machines is carried there."""
        last = self.tasks[-1] if self.tasks else None
        carried = resource not in ("person", "bench") and last is not None and last.resource not in ("person", resource)
        if carried and self.work.timing.move_plate_min > 0:
            last = self.add("carry", f"carry {self.plate} to the {resource}", "person", self.work.timing.move_plate_min * 60, hands=True)
        number = sum(task.kind == kind for task in self.tasks)
        name = kind if kind.startswith(("setup", "cells")) or number == 0 else f"{kind} {number + 1}"
        task = Task(
            id=f"{self.plate}/{name}", kind=kind, what=what, resource=resource, duration_s=round(duration_s), plate=self.plate, stretches=stretches,
            hands=hands or resource == "person",
        )  # fmt: skip
        self.tasks.append(task)
        if last is not None:
            at_once = last.stretches
            self.windows.append(Window(before=last.id, after=task.id, at_most_s=0 if at_once else None, why=f"{last.what}, until {what}"))
        if resource in _KEPT:
            self._limits(task)
        return task

    def _limits(self, task: Task) -> None:
        """A plate is off its temperature, and away from the reader, no longer than the lab file allows."""
        timing = self.work.timing
        if self.kept is not None and timing.off_incubator_min is not None:
            self.windows.append(
                Window(before=self.kept, after=task.id, at_most_s=round(timing.off_incubator_min * 60), why=f"{self.plate} out of reader or incubator ([timing] off_incubator_min)")
            )
        if self.added is not None and timing.read_within_min is not None:
            self.windows.append(
                Window(before=self.added, after=task.id, at_most_s=round(timing.read_within_min * 60), why=f"{self.plate} back within read_within_min of its addition")
            )
        self.kept, self.added = task.id, None

    def at(self, task: Task, at_s: float, *, within_s: float | None, why: str) -> None:
        """A task begins at a time after the plate's zero, the end of its set-up."""
        most = None if within_s is None else round(at_s + within_s)
        self.windows.append(Window(before=self.zero, after=task.id, at_least_s=max(round(at_s), 0), at_most_s=most, why=why))


def plate_tasks(work: PlateWork) -> tuple[tuple[Task, ...], tuple[Window, ...]]:
    """Set-up, then the steps as they were woven; additions and samples at their hours after the end of the set-up.

    Raises:
        ProtocolError: a stage without a run time.
    """
    intent, timing = work.intent, work.timing
    lacking = [name for name in ("setup", *(step.stage for step in intent.additions)) if name not in work.stage_s]
    if lacking:
        raise ProtocolError(f"Expected a run time for each stage, found none for {', '.join(lacking)}.")
    chain = _Chain(work=work)
    setup = chain.add("setup", f"set-up of {intent.plate}", work.pipettes, work.stage_s["setup"])
    if any(isinstance(step, Inoculate) for step in intent.steps) and timing.cells_within_min is not None:
        diluted = Task(id=f"{intent.plate}/cells", kind="cells", what=f"dilute the cells for {intent.plate}", resource="person", duration_s=0, plate=intent.plate, hands=True)
        chain.tasks.insert(0, diluted)
        chain.windows.append(Window(before=diluted.id, after=setup.id))
        chain.windows.append(
            Window(before=diluted.id, after=setup.id, of_after="end", at_most_s=round(timing.cells_within_min * 60), why=f"cells of {intent.plate} in the last well ([timing] cells_within_min)")
        )
    for i, step in enumerate(intent.steps):
        _task(chain, step, intent.steps[i + 1 :])
        chain.clock_s = _clock_after(chain.clock_s, step)
    return tuple(chain.tasks), tuple(chain.windows)


def _task(chain: _Chain, step: Step, after: Sequence[Step]) -> None:
    work, timing, plate = chain.work, chain.work.timing, chain.plate
    interrupted = _interrupted(step, after, chain.clock_s)
    match step:
        case Fill() | Dispense() | Inoculate():
            return
        case Shake():
            chain.add("shake", f"shake {plate}", step.where, seconds(step.duration))
        case Mix():
            chain.add("mix", f"mix {plate}", work.pipettes, MIX_WELL_S * work.wells)
        case SerialDilution():
            chain.add("dilute", f"serial dilution of {step.stock}", work.pipettes, DILUTE_WELL_S * step.points.value)
        case Incubate():
            chain.add("incubate", f"incubate {plate} at {step.temperature}", "incubator", 0 if interrupted else seconds(step.duration), stretches=interrupted)
        case Bring():
            chain.add(step.kind, f"{step.kind} {plate} to {step.temperature}", "temperature module", seconds(step.duration) if step.duration is not None else 0)
        case Seal():
            chain.add("seal", f"cover {plate}", "person", timing.seal_min * 60)
        case Unseal():
            _lead(chain, chain.add("unseal", f"uncover {plate}", "person", timing.seal_min * 60), [step, *after])
        case Spin():
            chain.add("spin", f"spin {plate}", "centrifuge", seconds(step.duration))
        case Thermocycle():
            chain.add("thermocycle", f"thermocycle {plate}", "thermocycler", programme_s(step) + ramps_s(step))
        case Read():
            before = list(chain.tasks)
            task = chain.add("read", f"read {plate}", "reader", 0 if interrupted else _reading_s(step, work), stretches=interrupted)
            if step.start is not None and not any(earlier.kind in ("read", "add", "sample") for earlier in before):
                _begin_in_time(chain, task, seconds(step.start))
        case Sample():
            task = chain.add("sample", f"sample {plate} at {_hour(seconds(step.at))}", "person", timing.sample_well_s * work.wells)
            chain.at(task, seconds(step.at), within_s=timing.addition_within_min * 60, why=f"sample of {plate} due at {_hour(seconds(step.at))}")
        case Pause():
            long_s = seconds(step.duration) if step.duration is not None else timing.move_plate_min * 60
            _lead(chain, chain.add("hands", f"{plate}: {step.what}", "person", long_s), [step, *after])
        case Add():
            task = chain.add("add", f"{step.stage} of {plate}", work.pipettes, work.stage_s[step.stage])
            chain.at(task, seconds(step.at), within_s=timing.addition_within_min * 60, why=f"{step.stage} of {plate} due at {_hour(seconds(step.at))}")
            chain.added = task.id
        case _:
            assert_never(step)


def _begin_in_time(chain: _Chain, task: Task, start_s: float) -> None:
    """The first reading begins when what lies between the set-up and it is done: a plate does not stand and wait for the reader."""
    zero = next(i for i, earlier in enumerate(chain.tasks) if earlier.id == chain.zero)
    between_s = sum(earlier.duration_s for earlier in chain.tasks[zero + 1 :] if earlier is not task)
    most_s = max(start_s, between_s) + chain.work.timing.addition_within_min * 60
    chain.windows.append(Window(before=chain.zero, after=task.id, at_most_s=round(most_s), why=f"first reading of {chain.plate}"))


def _interrupted(step: Step, after: Sequence[Step], clock_s: float) -> bool:
    """Whether a step lasts until hands take the plate away. One that is over before that has its own length: the plate waits afterwards."""
    if not (after and isinstance(after[0], Add | Sample | Pause | Unseal)) or (due_s := _due_s(after)) is None:
        return False
    long_s = step_s(step) if isinstance(step, Incubate | Read) else None
    return long_s is None or clock_s + long_s >= due_s - 1


def _clock_after(clock_s: float, step: Step) -> float:
    if isinstance(step, Add | Sample | Pause) and step.at is not None:
        return max(clock_s, seconds(step.at))
    return clock_s if isinstance(step, Fill | Dispense | Inoculate | Add) else clock_s + (step_s(step) or 0.0)


def _due_s(steps: Sequence[Step]) -> float | None:
    """When the addition or the sample is due that these steps lead up to."""
    for step in steps:
        if isinstance(step, Add | Sample):
            return seconds(step.at)
        if isinstance(step, Pause) and step.at is not None and step.duration is not None:
            return seconds(step.at)
        if not isinstance(step, Pause | Unseal):
            return None
    return None


def _lead(chain: _Chain, task: Task, steps: Sequence[Step]) -> None:
    """What hands do before an addition begins so early that the addition begins at its time."""
    due_s = _due_s(steps)
    first = steps[0]
    if due_s is None:
        if isinstance(first, Pause) and first.at is not None:
            chain.at(task, seconds(first.at), within_s=None, why=task.what)
        return
    lead_s = 0.0
    for step in steps:
        if isinstance(step, Add | Sample):
            break
        if isinstance(step, Pause):
            lead_s += seconds(step.duration) if step.duration is not None else chain.work.timing.move_plate_min * 60
        else:
            lead_s += chain.work.timing.seal_min * 60
    chain.at(task, due_s - lead_s, within_s=None, why=task.what)


def _reading_s(step: Read, work: PlateWork) -> float:
    if step.until is not None and step.start is not None:
        return seconds(step.until) - seconds(step.start)
    if step.duration is not None:
        return seconds(step.duration)
    once = READ_ONCE_S * max(len(step.wavelengths), 1)
    if step.mode is None and work.run_s is not None:
        return max(work.run_s - (seconds(step.start) if step.start is not None else 0), once)
    return once


def ramps_s(step: Thermocycle) -> float:
    """The time between plateaus at RAMP_C_PER_S, from one plateau to the next over all cycles."""
    total, at = 0.0, 25.0
    for stage in step.stages:
        warm = [celsius(plateau.temperature) for plateau in stage.plateaus]
        once = sum(abs(b - a) for a, b in pairwise(warm))
        total += abs(warm[0] - at) + stage.cycles.value * once + (stage.cycles.value - 1) * abs(warm[-1] - warm[0])
        at = warm[-1]
    return total / RAMP_C_PER_S


def _hour(time_s: float) -> str:
    return f"{time_s / 3600:.2f} h"
