"""What a lab file must say before anything can be written for a robot: one rule a function, every finding with its mend."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from world_model.terms.errors import nearest
from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import ECHO, TECAN

from .device import Device, device_of, is_echo_source
from .emitters.plain_text import is_plain
from .emitters.pylabrobot import RACK_OF_TIPS, SITES, TIP_RACKS, tip_rack_for
from .emitters.tecan import MOST_LABEL, PLATE_LABEL
from .finding import Finding
from .labware import labware
from .plan import PhysicalPlan
from .volumes import shown, to_nl
from .work import WorkStage

# what a STARlet deck of PyLabRobot holds from the start
DECK_NAMES = frozenset({"deck", "trash", "trash_core96", "waste_block", "teaching_tip_rack", "core_grippers"})


def check_target(lab: LabProfile) -> list[Finding]:
    """Every way in which the lab file falls short of what its robot's files need."""
    model = lab.robot.model
    if model in TECAN:
        return [*_labels(lab), *_types(lab, forbidden=";", most=MOST_LABEL)]
    if model in ECHO:
        return [*_types(lab, forbidden=',"', most=64), *_echo_types(lab), *_whole_steps(lab)]
    if model == "Hamilton STARlet":
        return [*_resources(lab), *_free_names(lab), *_tips_that_fit(lab), *_whole_steps(lab)]
    return list(_whole_steps(lab)) if model == "hands" else []


def check_steps(stages: tuple[WorkStage, ...], *, machine: Device, hands: Device) -> list[Finding]:
    """Every volume within what moves it, and a multiple of its step."""
    found: dict[tuple[str, int], Finding] = {}
    for stage in stages:
        for device, steps in ((hands, stage.before), (machine, stage.steps), (hands, stage.after)):
            for step in steps:
                if device.least_nl <= step.volume_nl <= device.most_nl and step.volume_nl % device.step_nl == 0:
                    continue
                limit = f"{shown(device.least_nl)} to {shown(device.most_nl)} in steps of {device.step_nl:g} nL ({device.name})"
                found.setdefault(
                    (step.liquid, step.volume_nl),
                    Finding(
                        rule="device range", severity="error", where=f"{step.liquid} into {step.target[1]} of {step.target[0]}, stage {stage.name}",
                        observed=f"{step.volume_nl / 1000:g} µL", limit=limit, mend="Give a weaker stock, or another volume in the lab file.",
                    ),
                )  # fmt: skip
    return list(found.values())


def check_stocks(plan: PhysicalPlan, lab: LabProfile) -> list[Finding]:
    """What the whole plate draws from each well of a stock or a dilution, and what it can give."""
    load_names = {holder.name: holder.labware for holder in lab.holders} | dict(plan.dilution_plates)
    drawn: dict[tuple[str, str], int] = {}
    for stage in plan.stages:
        for transfer in stage.transfers:
            drawn[transfer.stock, transfer.source_well] = drawn.get((transfer.stock, transfer.source_well), 0) + transfer.volume_nl
    found = []
    for name in dict.fromkeys(name for name, _ in drawn):
        state = plan.stock(name)
        made = next((dilution.wells for dilution in plan.dilutions if dilution.name == name), state.start_nl)
        for well, held in made.items():
            taken = drawn.get((name, well), 0)
            if taken <= held - state.dead_nl or taken == 0:
                continue
            needed_nl = taken + state.dead_nl
            if needed_nl > labware(load_names[state.holder]).wells[well].capacity_nl:
                mend = "Take a holder with larger wells, or more of them (more_positions): one draw is never split between wells."
            else:
                mend = f"Provide volume_ml = {-(-max(needed_nl * len(made), sum(made.values())) // 10_000) / 100:g} or more."
            found.append(
                _error(
                    "stock runs dry", f"stock {name!r} ({well} of {state.holder})",
                    f"{shown(taken)} drawn by the plate from {shown(held)}, of which {shown(state.dead_nl)} can't be drawn", f"at least {shown(needed_nl)} in it",
                    mend,
                )
            )  # fmt: skip
    return found


def check_names(plan: PhysicalPlan, lab: LabProfile) -> list[Finding]:
    """Racks are told apart by their names alone."""
    taken = [holder.name for holder in lab.holders if holder.name == plan.plate or holder.name in plan.dilution_plates]
    return [_error("rack label", f"holder {name!r}", "the name of the plate or of a dilution plate", "a name of its own", "Rename the holder.") for name in taken]


def check_room(stages: tuple[WorkStage, ...], lab: LabProfile) -> list[Finding]:
    """A STARlet's carriers hold so many plates."""
    if lab.robot.model != "Hamilton STARlet":
        return []
    found = []
    for stage in stages:
        racks = {place[0] for step in stage.steps for place in (step.source, step.target)}
        if len(racks) > 2 * SITES:
            found.append(_error("deck", f"stage {stage.name}", f"{len(racks)} plates and holders", f"at most {2 * SITES} on two carriers", "Put stocks into fewer holders."))
    return found


def told_tips(stages: tuple[WorkStage, ...], lab: LabProfile) -> list[Finding]:
    """How many tips or washes a stage takes, as a note: a person has to fill the racks."""
    device = device_of(lab)
    if device.by == "sound" or lab.robot.model == "hands":
        return []
    found = []
    for stage in stages:
        if device.by == "washed tips":
            observed, limit, mend = f"{stage.tips} washes of a tip", "system liquid for them, and an empty waste", ""
        else:
            racks = -(-stage.tips // RACK_OF_TIPS)
            observed, limit, mend = f"{stage.tips} tips needed", f"at least {racks} full rack{'s' if racks != 1 else ''} of {RACK_OF_TIPS}", ""
            if lab.robot.model == "Hamilton STARlet" and racks > 2 * SITES:
                mend = f"The script pauses after {2 * SITES * RACK_OF_TIPS} tips to have the racks filled."
        if stage.tips:
            found.append(Finding(rule="tips", severity="note", where=f"stage {stage.name}", observed=observed, limit=limit, mend=mend))
    return found


def _labels(lab: LabProfile) -> Iterator[Finding]:
    """Rack labels of a worktable: 32 characters, no semicolon, each once."""
    for holder in lab.holders:
        if not is_plain(holder.name, most=MOST_LABEL, forbidden=";"):
            yield _error("rack label", f"holder {holder.name!r}", f"{len(holder.name)} characters", f"at most {MOST_LABEL}, the worklist's limit for a label", "Give it a shorter name.")
        if holder.name == PLATE_LABEL or holder.name.startswith("dilutions "):
            yield _error("rack label", f"holder {holder.name!r}", "a label that the worklist needs itself", f"another name than {PLATE_LABEL!r} or 'dilutions 1' …", "Rename the holder.")
    if not is_plain(lab.robot.liquid_class, most=MOST_LABEL, forbidden=";"):
        yield _error("liquid class", "robot.liquid_class", repr(lab.robot.liquid_class), f"plain characters without a semicolon, at most {MOST_LABEL}", "Rename the liquid class.")


def _types(lab: LabProfile, *, forbidden: str, most: int) -> Iterator[Finding]:
    named = [("plate.type", lab.plate.type), *((f"holder {holder.name!r}", holder.type) for holder in lab.holders)]
    named += [("dilutions.type", lab.dilutions.type)] if lab.dilutions is not None else []
    for where, kind in named:
        if not is_plain(kind, most=most, forbidden=forbidden):
            yield _error("labware type", where, repr(kind), f"ASCII without {' or '.join(forbidden)}, at most {most} characters", "Rename the labware in the robot's software, or leave its type out.")


def _echo_types(lab: LabProfile) -> Iterator[Finding]:
    if not lab.plate.type:
        yield _error("plate type", "plate.type", "nothing", "the Echo's name of the destination plate", 'Add e.g. type = "Corning_384PS_Black".')
    if not any(is_echo_source(holder) for holder in lab.holders):
        yield _error("plate type", "the holders", "no type", "at least one source plate with the Echo's name of it", 'Add e.g. type = "384PP_AQ_BP" to the holder of the stocks.')
    if lab.dilutions is not None and not lab.dilutions.type:
        yield _error("plate type", "dilutions.type", "nothing", "the Echo's name of the plate that dilutions are made in", 'Add e.g. type = "384PP_AQ_BP".')


def _whole_steps(lab: LabProfile) -> Iterator[Finding]:
    step_nl = device_of(lab).step_nl
    if to_nl(lab.plate.volume_ul) % step_nl:
        yield _error("well volume", "plate.volume_ul", f"{lab.plate.volume_ul:g} µL", f"a multiple of {step_nl:g} nL, the step of {lab.robot.called}", "Change the volume.")


@cache
def _known_resources() -> tuple[str, ...] | None:
    """PyLabRobot's plates and troughs. None where it is not installed."""
    try:
        resources = import_module("pylabrobot.resources")
    except ImportError:
        return None
    def makes_plates(made: Callable[..., object]) -> bool:
        told = inspect.signature(made).return_annotation
        kind = getattr(resources, told, None) if isinstance(told, str) else told
        return inspect.isclass(kind) and issubclass(kind, resources.Plate)

    return tuple(sorted(name for name, made in inspect.getmembers(resources, inspect.isfunction) if makes_plates(made)))


@cache
def _resource_wells(name: str) -> tuple[str, ...]:
    resources = import_module("pylabrobot.resources")
    return tuple(well.get_identifier() for well in getattr(resources, name)(name="x").get_all_items())


def _resources(lab: LabProfile) -> Iterator[Finding]:
    """Labware that PyLabRobot has, with the wells that the maker's definition has."""
    named = [("plate.type", lab.plate.labware, lab.plate.type), *((f"holder {holder.name!r}", holder.labware, holder.type) for holder in lab.holders)]
    named += [("dilutions.type", lab.dilutions.labware, lab.dilutions.type)] if lab.dilutions is not None else []
    known = _known_resources()
    for where, load_name, kind in named:
        if not (kind.isidentifier() and kind.isascii()) or (known is not None and kind not in known):
            offer = nearest(kind or load_name, known) if known else ""
            yield _error("labware type", where, repr(kind) if kind else "no type", "the name of a plate in pylabrobot.resources, e.g. cor_96_wellplate_360uL_Fb", offer)
        elif known is not None and set(_resource_wells(kind)) != set(labware(load_name).wells):
            yield _error("labware type", where, f"{kind} with {len(_resource_wells(kind))} wells", f"the {len(labware(load_name).wells)} wells of {load_name}", "Name the resource of this labware.")


def _free_names(lab: LabProfile) -> Iterator[Finding]:
    for holder in lab.holders:
        if holder.name in DECK_NAMES:
            yield _error("rack label", f"holder {holder.name!r}", "a name that PyLabRobot's deck uses itself", f"none of {', '.join(sorted(DECK_NAMES))}", "Rename the holder.")


def _tips_that_fit(lab: LabProfile) -> Iterator[Finding]:
    if tip_rack_for(lab.robot.most_ul or 0.0) is None:
        yield _error("tips", "robot.most_ul", f"{lab.robot.most_ul:g} µL", f"at most {max(TIP_RACKS)} µL, what the largest tip holds", "Lower robot.most_ul; more is split.")


def _error(rule: str, where: str, observed: str, limit: str, mend: str = "") -> Finding:
    return Finding(rule=rule, severity="error", where=where, observed=observed, limit=limit, mend=mend)
