"""Good protocols, each bent in one place: the rule that should fire must fire, and none may fire on the good ones."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from protocols.checks.rules import check_plan
from protocols.checks.safety import check_safety
from protocols.draft import Draft, draft_plate
from protocols.finding import Finding, Refused, errors_in
from protocols.plan import Move, RobotStage, TipPlace
from protocols.targets import target_of
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Continuous, Discrete
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace
from world_model.terms.steps import Read

DAY = date(2026, 11, 22)
Doc = dict[str, Any]
LAB: Doc = {
    "name": "good",
    "robot": {
        "pipettes": [
            {"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]},
            {"name": "flex_8channel_1000", "mount": "right", "tip_racks": ["opentrons_flex_96_tiprack_200ul"]},
        ]
    },
    "robots": [
        {"model": "Tecan EVO", "least_ul": 1, "most_ul": 900},
        {"model": "Hamilton STARlet", "least_ul": 1, "most_ul": 900},
        {"model": "hands", "least_ul": 1, "most_ul": 1000},
        {"model": "Echo 650", "most_ul": 50},
    ],
    "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 200, "use": "inner", "edge_fill": "water", "type": "cor_96_wellplate_360uL_Fb"},
    "holders": [
        {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 500, "type": "nest_12_troughplate_15000uL_Vb"},
        {"name": "deep", "labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 50, "type": "NEST_96_wellplate_2200uL_Ub"},
        {"name": "tubes", "labware": "opentrons_24_tuberack_nest_2ml_screwcap", "dead_volume_ul": 50},
    ],
    "dilutions": {"labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 50, "type": "NEST_96_wellplate_2200uL_Ub"},
    "stocks": [
        {"name": "water", "volume_ml": 28, "holder": "reservoir", "position": "A1", "more_positions": ["A5"], "hazards": []},
        {"name": "salts 5x", "components": {"salts": {"concentration": 5, "unit": "x"}}, "volume_ml": 10, "holder": "reservoir", "position": "A2", "added": "first", "hazards": []},
        {"name": "glucose 1M", "components": {"glucose": {"concentration": 1, "unit": "M"}}, "volume_ml": 1.5, "holder": "deep", "position": "A1", "hazards": []},
        {"name": "drug 10mM", "components": {"drug": {"concentration": 10, "unit": "mM"}}, "volume_ml": 1.5, "holder": "deep", "position": "B1", "hazards": ["H302"], "solvent": {"DMSO": 100}, "lot": "A", "expires": "2027-01-31"},
        {"name": "IPTG 20mM", "components": {"IPTG": {"concentration": 20, "unit": "mM"}}, "volume_ml": 1.5, "holder": "deep", "position": "C1", "hazards": []},
        {"name": "cells", "volume_ml": 5, "holder": "reservoir", "position": "A12", "hazards": []},
    ],
    "medium": {"base": {"salts": {"concentration": 1, "unit": "x"}}, "diluent": "water"},
    "cells": {"stock": "cells", "final_od600": 0.05, "expected_od600": 1.0},
    "solvent_limits": {"DMSO": 2},
}  # fmt: skip
SPACE = SearchSpace(
    factors=(
        Continuous(name="glucose", unit="mM", low=0, high=50),
        Continuous(name="drug", unit="µM", low=0, high=150),
        Continuous(name="IPTG", unit="mM", low=0, high=1, acts="dose", at="induction"),
        Discrete(name="induction", unit="h", values=(0, 2), acts="time"),
    )
)


def design() -> tuple[ProposedExperiment, ...]:
    """16 conditions in pairs and four blanks."""
    made = []
    for i in range(16):
        settings = {"glucose": 0.2 * 1.4**i, "drug": 5.0 + 8 * (i * 7 % 16), "IPTG": 0.1 + 0.05 * (i * 5 % 16), "induction": 2.0 * (i % 2)}
        made.append(ProposedExperiment(id=f"R01-{2 * i:03d}", role="candidate", settings=settings))
        made.append(ProposedExperiment(id=f"R01-{2 * i + 1:03d}", role="replicate", settings=settings, repeat_of=made[-1].id))
    return (*made, *(ProposedExperiment(id=f"R01-{40 + i:03d}", role="blank") for i in range(4)))


@dataclass(frozen=True)
class _Good:
    draft: Draft
    lab: LabProfile
    asked: tuple[ProposedExperiment, ...]


def mutation_score() -> list[dict[str, str]]:
    """One row a mutation: rule, what was bent, whether the rule found it. The first row is the good protocol itself."""
    lab = LabProfile.model_validate(LAB)
    good = _Good(draft=draft_plate(plate="good", experiments=design(), space=SPACE, lab=lab, seed=1, inoculum_od600=1.0, day=DAY), lab=lab, asked=design())
    plain = [str(finding) for finding in errors_in(_judged(good, good.draft.robot))]
    rows = [{"rule": "none", "bent": "nothing", "found": "yes" if not plain else f"no: {plain[0]}"}]
    for rule, what, bend in (*_plans(good), *_documents(), *_designs(), *_files(good)):
        try:
            found = bend()
        except Refused as refusal:
            found = list(refusal.findings)
        except (ValidationError, NextwellError) as fault:
            found = [Finding(rule="word", severity="error", where=what, observed=str(fault), limit="a word that can be built")]
        fired = any(finding.rule == rule and finding.severity in ("error", "warning") for finding in found)
        rows.append({"rule": rule, "bent": what, "found": "yes" if fired else f"no: {sorted({finding.rule for finding in found})}"})
    return rows


Mutation = tuple[str, str, Callable[[], Sequence[Finding]]]


def _judged(good: _Good, robot: Sequence[RobotStage], **changed: Any) -> list[Finding]:
    """Every rule on a plan; `changed` replaces the plan, the lab, the experiments, the intent or the day."""
    plan, lab = changed.get("plan", good.draft.plan), changed.get("lab", good.lab)
    found = check_plan(plan, tuple(robot), lab, changed.get("asked", good.asked), changed.get("intent", good.draft.intent))
    return found + check_safety(plan, tuple(robot), lab, day=changed.get("day", DAY), attendance=changed.get("attendance", "attended"))


def _plans(good: _Good) -> list[Mutation]:
    """One move, one item of the deck, one step, one well of a good plan."""
    stage = good.draft.robot[0]
    plan = good.draft.plan

    def at(**like: Any) -> int:
        return next(i for i, move in enumerate(stage.moves) if all(getattr(move, name) == value for name, value in like.items()))

    def with_move(number: int, **change: Any) -> list[Finding]:
        moves = list(stage.moves)
        moves[number] = replace(moves[number], **change)
        return _judged(good, (replace(stage, moves=tuple(moves)), *good.draft.robot[1:]))

    def with_deck(name: str, slot: str) -> list[Finding]:
        before = next(item.slot for item in stage.deck if item.name == name)
        deck = tuple(replace(item, slot=slot) if item.name == name else item for item in stage.deck)
        moves = tuple(replace(move, source_slot=slot) if move.source_slot == before else move for move in stage.moves)
        loads = tuple(replace(load, slot=slot) if load.slot == before else load for load in stage.loads)
        return _judged(good, (replace(stage, deck=deck, moves=moves, loads=loads), *good.draft.robot[1:]))

    def with_plan(**change: Any) -> list[Finding]:
        return _judged(good, good.draft.robot, plan=replace(plan, **change))

    single = next(i for i, move in enumerate(stage.moves) if move.channels == 1 and move.manner == "liquid" and move.mix_nl == 0 and move.target_slot == stage.plate_slot)
    again = next(i for i, move in enumerate(stage.moves) if i > single and move.channels == 1 and move.tip is not None)
    eight = at(channels=8)
    fresh = stage.moves[single].tip
    thin = {stock.name: dict.fromkeys(stock.wells, stock.dead_nl + 1000) for stock in plan.stocks}
    one = next(well for well in plan.wells if well.role == "candidate")
    pair = next(well for well in plan.wells if well.experiment_id == f"R01-{int(one.experiment_id[-3:]) + 1:03d}")
    line = next(well for well in plan.wells if well.well[1:] == one.well[1:] and well.well != one.well)
    swapped = {pair.well: line.experiment_id, line.well: pair.experiment_id}
    in_line = tuple(replace(well, experiment_id=swapped.get(well.well, well.experiment_id)) for well in plan.wells)
    found: list[Mutation] = [
        ("deck", "a holder in the plate's slot", lambda: with_deck("reservoir", stage.plate_slot)),
        ("deck", "a holder in the trash's slot", lambda: with_deck("reservoir", stage.trash)),
        ("deck", "a holder in a slot that does not exist", lambda: with_deck("reservoir", "E9")),
        ("tips", "a tip for the second time", lambda: with_move(again, tip=fresh)),
        ("tips", "a tip that met a well goes back to a stock", lambda: with_move(_after(stage.moves, single), tip=None)),
        ("tips", "no tip at all", lambda: with_move(0, tip=None)),
        ("tips", "a tip from a reservoir", lambda: with_move(single, tip=TipPlace(slot=stage.moves[eight].source_slot, place="A1"))),
        ("geometry", "eight channels from the plate's second row", lambda: with_move(eight, well="B" + stage.moves[eight].well[1:])),
        ("geometry", "eight channels into a tube rack's pitch", lambda: _in_tubes(good, eight)),
        ("geometry", "one channel said of a pipette with eight", lambda: with_move(eight, channels=1)),
        ("well capacity", "a well overfilled in between", lambda: with_move(single, volume_nl=360_100)),
        ("stock runs dry", "every stock with 1 µL to draw", lambda: with_plan(stocks=tuple(replace(stock, start_nl=thin[stock.name]) for stock in plan.stocks))),
        ("stock runs dry", "dilutions made too small", lambda: with_plan(dilutions=tuple(replace(dilution, dead_nl=10**7) for dilution in plan.dilutions))),
        ("pipette range", "0.4 µL", lambda: with_move(single, volume_nl=400)),
        ("pipette range", "0 µL", lambda: with_move(single, volume_nl=0)),
        ("pipette range", "more than the tip holds", lambda: with_move(single, volume_nl=50_100)),
        ("pipette range", "beside the pipetting step", lambda: with_move(single, volume_nl=12_345)),
        ("contact", "to the bottom of a wet well and back to the stock", lambda: with_move(single, manner="dry")),
        ("contact", "a drop too small to fall", lambda: with_move(single, manner="air", volume_nl=5_000)),
        ("layout", "two repeats in one column", lambda: with_plan(wells=in_line)),
        ("layout", "an experiment in two wells", lambda: with_plan(wells=tuple(replace(well, experiment_id=one.experiment_id) if well is pair else well for well in plan.wells))),
        ("layout", "an experiment in no well", lambda: _judged(good, good.draft.robot, asked=(*good.asked, ProposedExperiment(id="R01-099", role="blank")))),
        ("rounding", "a component 10 % beside what was asked", lambda: with_plan(wells=tuple(replace(well, reached=tuple(replace(r, planned=1.1 * r.asked) for r in well.reached)) for well in plan.wells))),
        ("timing", "a reading before anything is dispensed", lambda: _judged(good, good.draft.robot, intent=good.draft.intent.model_copy(update={"steps": (Read(), *good.draft.intent.steps)}))),
        ("expiry", "the day after a stock's last", lambda: _judged(good, good.draft.robot, day=date(2027, 2, 1))),
        ("hazards", "unattended with unknown hazards", lambda: _judged(good, good.draft.robot, lab=_lab({"stocks.3.hazards": None}), attendance="unattended")),
        ("hazards", "bleach and acid meet in wells", lambda: _judged(good, good.draft.robot, lab=_lab({"stocks.2.groups": ["acid"], "stocks.3.groups": ["hypochlorite"]}))),
        ("hazards", "a name that asks for a person", lambda: _judged(good, good.draft.robot, lab=_lab({"stocks.3.components": {"drug": {"concentration": 10, "unit": "mM"}, "select agent X": {"concentration": 1, "unit": "mM"}}}), attendance="unattended")),
        ("solvent", "a cap of 0.1 % DMSO", lambda: _judged(good, good.draft.robot, lab=_lab({"solvent_limits": {"DMSO": 0.1}}))),
        ("on hand", "no plate on hand", lambda: _judged(good, good.draft.robot, lab=_lab({"on_hand": {"corning_96_wellplate_360ul_flat": 0}}))),
        ("tips", "one rack on hand", lambda: _judged(good, good.draft.robot, lab=_lab({"on_hand": {"opentrons_flex_96_tiprack_50ul": 0}}))),
        ("deck", "a module where labware stands", lambda: _judged(good, good.draft.robot, lab=_lab({"robot.modules": [{"name": "heaterShakerModuleV1", "slot": stage.plate_slot}]}))),
    ]  # fmt: skip
    return found


def _after(moves: Sequence[Move], number: int) -> int:
    return next(i for i in range(number + 1, len(moves)) if moves[i].tip is not None and moves[i].pipette == moves[number].pipette)


def _in_tubes(good: _Good, number: int) -> list[Finding]:
    """The source of an eight-channel move replaced by a tube rack."""
    stage = good.draft.robot[0]
    deck = tuple(replace(item, load_name="opentrons_24_tuberack_nest_2ml_screwcap") if item.slot == stage.moves[number].source_slot else item for item in stage.deck)
    return _judged(good, (replace(stage, deck=deck), *good.draft.robot[1:]))


def _documents() -> list[Mutation]:
    """One value of a good lab file."""
    return [
        ("labware", "an unknown plate", lambda: _drafted({"plate.labware": "corning_97_wellplate"})),
        ("labware", "unknown labware for dilutions", lambda: _drafted({"dilutions.labware": "bucket"})),
        ("position", "a stock where no well is", lambda: _drafted({"stocks.2.position": "J1"})),
        ("holder capacity", "more than a well of the holder takes", lambda: _drafted({"stocks.2.volume_ml": 3})),
        ("well capacity", "a final volume above the plate's wells", lambda: _drafted({"plate.volume_ul": 400})),
        ("well volume", "a final volume beside the step", lambda: _drafted({"plate.volume_ul": 200.05})),
        ("pipette", "an OT-2's pipette on a Flex", lambda: _drafted({"robot.pipettes.0.name": "p300_single_gen2"})),
        ("tip rack", "a rack made for another pipette", lambda: _drafted({"robot.pipettes.0.tip_racks": ["opentrons_flex_96_tiprack_1000ul"]})),
        ("units", "a stock in °C", lambda: _drafted({"stocks.2.components": {"glucose": {"concentration": 1, "unit": "degC"}}})),
        ("component", "no stock of a factor", lambda: _drafted({"stocks.2.components": {"sucrose": {"concentration": 1, "unit": "M"}}})),
        ("stock runs dry", "a stock with little in it", lambda: _drafted({"stocks.2.volume_ml": 0.06})),
        ("stock too weak", "mM for M", lambda: _drafted({"stocks.2.components": {"glucose": {"concentration": 1, "unit": "mM"}}})),
        ("below the pipette", "µM for mM, and nothing may be diluted", lambda: _drafted({"stocks.3.components": {"drug": {"concentration": 10, "unit": "M"}}, "dilutions": None})),
        ("well too small", "base medium and stocks beyond the well", lambda: _drafted({"medium.base": {"salts": {"concentration": 4.6, "unit": "x"}}})),
        ("solvent", "a cap that no stock can keep", lambda: _drafted({"solvent_limits": {"DMSO": 0.01}, "dilutions": None})),
        ("word", "a volume of NaN", lambda: _drafted({"stocks.2.volume_ml": float("nan")})),
        ("word", "an infinite volume", lambda: _drafted({"plate.volume_ul": float("inf")})),
        ("word", "a negative volume", lambda: _drafted({"stocks.2.volume_ml": -1})),
        ("word", "a name with a quote and a line break", lambda: _drafted({"stocks.2.name": "x'\n;=cmd"})),
        ("word", "a hazard code that does not exist", lambda: _drafted({"stocks.2.hazards": ["H9"]})),
        ("device range", "an Echo whose diluent stands in no plate of a type", lambda: _drafted({"holders.0.type": ""}, target="Echo 650")),
        ("plate type", "an Echo's plate of no type", lambda: _checked({"plate.type": ""}, target="Echo 650")),
        ("labware type", "a STARlet resource that nobody knows", lambda: _checked({"plate.type": "no_such_plate"}, target="Hamilton STARlet")),
    ]  # fmt: skip


def _designs() -> list[Mutation]:
    """One experiment of a good design."""
    good = design()
    settings = dict(good[0].settings)

    def with_first(**change: float) -> Sequence[Finding]:
        first = ProposedExperiment(id=good[0].id, role="candidate", settings={**settings, **change})
        return _drafted({}, experiments=(first, *good[2:]))

    return [
        ("design", "the same id twice", lambda: _drafted({}, experiments=(*good, good[0]))),
        ("design", "no experiments", lambda: _drafted({}, experiments=())),
        ("layout", "more experiments than wells", lambda: _drafted({}, experiments=tuple(ProposedExperiment(id=f"X{i:03d}", role="blank") for i in range(97)))),
        ("settings", "a negative concentration", lambda: with_first(glucose=-1.0)),
        ("settings", "a factor without a value", lambda: _drafted({}, experiments=(ProposedExperiment(id="X", role="candidate", settings={"glucose": 1.0, "drug": 5.0}),))),
        ("stock too weak", "a concentration above the stock's", lambda: with_first(glucose=1200.0)),
    ]  # fmt: skip


def _files(good: _Good) -> list[Mutation]:
    """One character or line of an emitted worklist."""
    def bent(target: str, pattern: str, new: Callable[[re.Match[str]], str]) -> Sequence[Finding]:
        lab = good.lab.for_target(target)
        way = target_of(lab)
        emitted = way.emit(good.draft.plan, lab)
        text, count = re.subn(pattern, new, emitted.files[0], count=1)
        assert count == 1, f"{target}: nothing like {pattern!r}"
        return way.validate(replace(emitted, files=(text, *emitted.files[1:])), good.draft.plan, lab).findings

    def less(found: re.Match[str]) -> str:
        return f"{found[1]}{float(found[2]) - 0.1:.2f}{found[3]}"

    return [
        ("round trip", "a worklist's volume changed by a step", lambda: bent("Tecan EVO", r"(\nD;[^\n]*;;)([0-9.]+)(;)", less)),
        ("round trip", "a worklist's line lost", lambda: bent("Tecan EVO", r"\nD;[^\n]*\n", lambda found: "\n")),
        ("round trip", "a worklist's field too many", lambda: bent("Tecan EVO", r"\nA;", lambda found: "\nA;;")),
        ("round trip", "a hand's transfer from another well", lambda: bent("hands", r"(,reservoir,)A2(,)", lambda found: f"{found[1]}A3{found[2]}")),
    ]  # fmt: skip


def _lab(changes: Doc) -> LabProfile:
    doc = copy.deepcopy(LAB)
    for path, value in changes.items():
        *parents, last = path.split(".")
        table: Any = doc
        for key in parents:
            table = table[int(key)] if isinstance(table, list) else table[key]
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    return LabProfile.model_validate(doc)


def _drafted(changes: Doc, *, experiments: Sequence[ProposedExperiment] | None = None, target: str | None = None) -> Sequence[Finding]:
    asked = design() if experiments is None else experiments
    return draft_plate(plate="bent", experiments=asked, space=SPACE, lab=_lab(changes).for_target(target), seed=1, day=DAY).findings


def _checked(changes: Doc, *, target: str) -> Sequence[Finding]:
    lab = _lab(changes).for_target(target)
    return target_of(lab).check(lab)
