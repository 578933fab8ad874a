"""The pipetting list for hands: one stock at a time, the pipette set once for each volume, every well with a box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from world_model.terms.lab_profile import LabProfile

from ..labware import labware
from ..plan import PhysicalPlan
from ..volumes import shown
from ..work import STIR_EVERY, WorkStep, plan_work
from .blocks import Dial, HandRound
from .plate_map import volume_map

# The usual set: each measures well from a tenth of its largest volume on.
PIPETTES_NL = {"P2": 2_000, "P20": 20_000, "P200": 200_000, "P1000": 1_000_000}
# Volumes are planned and recorded to 0.1 µL. Counters go by 0.2 µL on a P200 and by 1 or 2 µL on a P1000, the maker decides:
# the nearest mark is off by 0.1 µL of 20 or by 1 µL of 200 at most, half a percent.
BETWEEN_MARKS = "A volume between two marks of your pipette: set the nearest, which from 20 µL on is at most 0.5 % off (marks of 0.2 µL on a P200, of 2 µL at most on a P1000)."


@dataclass(frozen=True, kw_only=True)
class HandStage:
    """What hands pipette in one stage; `when` says whether before or after the machine."""

    stage: str
    at_h: float
    when: str
    rounds: tuple[HandRound, ...]
    transfers: int


def hand_stages(plan: PhysicalPlan, lab: LabProfile) -> tuple[HandStage, ...]:
    """All that hands do: everything where the lab's robot is a person, else what the machine does not reach."""
    alone = lab.robot.model == "hands"
    found = []
    for stage in plan_work(plan, lab, tips="as needed"):
        parts = [("", [*stage.before, *stage.steps, *stage.after])] if alone else [("before the robot", list(stage.before)), ("after the robot", list(stage.after))]
        for when, steps in parts:
            if steps:
                found.append(
                    HandStage(stage=stage.name, at_h=stage.minute / 60, when=when, rounds=tuple(_rounds(plan, steps)), transfers=sum(not step.mixes for step in steps))
                )
    return tuple(found)


def _rounds(plan: PhysicalPlan, steps: Sequence[WorkStep]) -> Iterator[HandRound]:
    """A round for each stock and plate. Strokes that stir a stock between its transfers are told in its title."""
    stocks = {(state.holder, place) for state in plan.stocks for place in state.wells}
    stirred = {step.source for step in steps if step.mixes and step.source in stocks}
    rest = [step for step in steps if not (step.mixes and step.source in stocks)]
    for _, group in groupby(rest, key=lambda step: (step.liquid, step.source, step.target[0], step.mixes)):
        members = list(group)
        yield _round(plan, members, stirred=members[0].source in stirred)


def pipette_for(volume_nl: int) -> str:
    """The smallest pipette that takes a volume at once; the largest where none does."""
    return next((name for name, most in PIPETTES_NL.items() if volume_nl <= most), "P1000")


def _round(plan: PhysicalPlan, steps: Sequence[WorkStep], *, stirred: bool) -> HandRound:
    first = steps[0]
    source = f"{first.source[1]} of {first.source[0]}"
    if first.mixes:
        setting = f"{pipette_for(first.volume_nl)} at {shown(first.volume_nl)}"
        return HandRound(title=f"Mix {first.liquid} in {source}, up and down {len(steps)} times", picture=None, dials=(Dial(setting=setting, wells=(first.source[1],), tip="a new tip"),))
    load_name = plan.labware_of(first.target[0])
    rank = {well: i for i, well in enumerate(labware(load_name).wells)}
    totals: dict[str, int] = {}
    for step in steps:
        totals[step.target[1]] = totals.get(step.target[1], 0) + step.volume_nl
    counts = {well: sum(step.target[1] == well for step in steps) for well in totals}
    # a tip is changed after it went into another liquid: that well, and those after it, need a tip each
    order = list(totals)
    fresh = {step.target[1]: step.fresh for step in reversed(steps)}
    each = {well for i, well in enumerate(order) if (i > 0 and fresh[well]) or (i + 1 < len(order) and fresh[order[i + 1]])}
    keys = {well: (well in each, totals[well], counts[well]) for well in totals}
    dials = []
    for key in sorted(set(keys.values()), key=lambda key: (key[0], -key[1], key[2])):
        wells = sorted((well for well in totals if keys[well] == key), key=rank.__getitem__)
        at_once = key[1] // key[2]
        times = f"{key[2]} × " if key[2] > 1 else ""
        dials.append(
            Dial(setting=f"{pipette_for(at_once)} at {times}{at_once / 1000:g} µL", wells=tuple(wells), tip="a new tip for each well" if key[0] else "one tip for all of these")
        )
    where = "" if first.target[0] == plan.plate else f" into {first.target[0]}"
    stir = f". Mix the tube before the first and before every {STIR_EVERY}th well" if stirred else ""
    title = f"{first.liquid} from {source}{where}: {len(totals)} wells, {shown(sum(totals.values()))}{stir}"
    # a dilution is a transfer or two: a line says it better than a plate
    picture = volume_map(load_name, totals, name=f"{first.liquid}, µL in each well") if first.target[0] == plan.plate else None
    return HandRound(title=title, picture=picture, dials=tuple(dials))
