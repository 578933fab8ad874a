"""The protocol bench: random designs are refused with a reason or rebuilt exactly; swaps are found; a full plate is quick."""

from __future__ import annotations

import ast
import platform
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from protocols.compile import Draft, compile_plate, draft_plate
from protocols.engine.client import warm_engine
from protocols.finding import Refused, errors_in
from protocols.verify import TOLERANCE_NL, verify
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

from .protocol_designs import RandomDesign, random_design

DESIGNS = 200
QUICK_DESIGNS = 14
# of the accepted designs, this many small ones have their files swapped about
SWAPPED = 40
QUICK_SWAPPED = 4
MOST_MOVES_TO_SWAP = 120
PLATE_GOAL_S = 10.0
_SOURCE_WELL, _TARGET = 3, 4
Row = tuple[Any, ...]


@dataclass
class Tally:
    """What became of the random designs."""

    refused: int = 0
    verified: int = 0
    failed: list[str] = field(default_factory=list)
    wells: int = 0
    full_plates: int = 0
    largest_gap_nl: float = 0.0
    rules: Counter[str] = field(default_factory=Counter)
    swaps: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)


def bench(*, quick: bool, seeds: int | None, progress: Callable[[str], None]) -> dict[str, Any]:
    """Run it. `quick` takes fewer designs and swaps and stays under a minute; `seeds` is the number of designs.

    Returns:
        `checks` (name, value, goal, ok, n), `tables` and `environment`.
    """
    tally = Tally()
    engine = warm_engine()
    designs = seeds or (QUICK_DESIGNS if quick else DESIGNS)
    to_swap = QUICK_SWAPPED if quick else SWAPPED
    for number in range(designs):
        if number % 10 == 0:
            progress(f"random designs: {number} of {designs}, {tally.verified} verified, {tally.refused} refused")
        design = random_design(number)
        draft = _judge(design, tally)
        if draft is not None and to_swap > 0 and sum(len(stage.moves) for stage in draft.robot) <= MOST_MOVES_TO_SWAP and len(draft.layout) > 1:
            to_swap -= 1
            _swap(design, draft, tally)
    progress("a plate of 96 with 4 components, three times")
    seconds = [_time_full_plate(seed) for seed in range(1 if quick else 3)]
    judged = tally.refused + tally.verified + len(tally.failed)
    swaps = sum(tally.swaps.values())
    return {
        "checks": [
            {"name": "designs refused with a reason or rebuilt exactly", "value": judged - len(tally.failed), "goal": f"all {judged}", "ok": not tally.failed, "n": judged},
            {"name": "largest gap between plan and rebuilt composition (nL)", "value": tally.largest_gap_nl, "goal": f"<= {TOLERANCE_NL:g}", "ok": tally.largest_gap_nl <= TOLERANCE_NL, "n": tally.wells},
            {"name": "swaps of stocks, wells and rows found", "value": swaps - len(tally.missed), "goal": f"all {swaps}", "ok": not tally.missed, "n": swaps},
            {"name": "96 wells, 4 components: compile and verify, warm (s)", "value": round(min(seconds), 2), "goal": f"<= {PLATE_GOAL_S:g}", "ok": min(seconds) <= PLATE_GOAL_S, "n": len(seconds)},
        ],
        "tables": {
            "designs": {"verified": tally.verified, "refused": tally.refused, "failed": tally.failed, "verified wells": tally.wells, "verified plates of 96": tally.full_plates},
            "refusals by rule": dict(tally.rules.most_common()),
            "swaps by kind": dict(tally.swaps),
            "swaps missed": tally.missed,
            "96 wells, seconds of each run": [round(value, 2) for value in seconds],
        },
        "environment": {"python": platform.python_version(), "machine": platform.machine(), "opentrons": engine.version, "scipy": version("scipy"), "quick": quick},
    }  # fmt: skip


def _judge(design: RandomDesign, tally: Tally) -> Draft | None:
    """One design: refused with reasons, or verified; and its composition held against the lab file by our own sums."""
    try:
        draft = draft_plate(plate="bench", experiments=design.experiments, space=design.space, lab=design.lab, seed=design.seed)
    except Refused as refusal:
        errors = errors_in(refusal.findings)
        if errors and all(finding.observed and finding.limit for finding in errors):
            tally.refused += 1
            tally.rules.update({finding.rule for finding in errors})
        else:
            tally.failed.append(f"{design.name}: refused without a reason")
        return None
    told = verify(draft.files, draft.plan, draft.robot, engine=warm_engine())
    tally.largest_gap_nl = max(tally.largest_gap_nl, told.largest_gap_nl)
    wrong = [str(finding) for finding in told.findings] + _against_lab_file(design, draft)
    if wrong:
        tally.failed.append(f"{design.name}: {wrong[0]}")
        return None
    tally.verified += 1
    tally.wells += told.wells
    tally.full_plates += len(draft.layout) == 96
    return draft


def _against_lab_file(design: RandomDesign, draft: Draft) -> list[str]:
    """What `planned` says against stock strengths and volumes, summed here, and against what was asked, within rounding."""
    found = []
    final_ul = design.lab.plate.volume_ul
    held = draft.plan.composition()
    at = {experiment: well for well, experiment in draft.layout.items()}
    for experiment in design.experiments:
        for name, value in draft.planned[experiment.id].items():
            factor = design.space[name]
            if factor.action == "time":
                continue
            brought = {
                stock.name: design.lab.concentration_in(stock, name, factor.unit) * held[at[experiment.id]].get(stock.name, 0) / 1000 / final_ul
                for stock in design.lab.stocks_with(name)
            }
            asked = float(experiment.settings[name])
            step = sum(design.lab.concentration_in(stock, name, factor.unit) * 0.1 / final_ul for stock in design.lab.stocks_with(name) if brought[stock.name] > 0)
            if abs(sum(brought.values()) - float(value)) > 1e-6 * max(abs(asked), 1e-9):
                found.append(f"{experiment.id}: {name} planned {value}, summed {sum(brought.values())}")
            if abs(float(value) - asked) > step * (1 + 0.5 * len(held[at[experiment.id]])) + 1e-9:
                found.append(f"{experiment.id}: {name} planned {value}, asked {asked}")
    return found


def _swap(design: RandomDesign, draft: Draft, tally: Tally) -> None:
    """Two stocks, two wells, two rows: each swapped in a good file, each must be found."""
    chance = random.Random(design.seed)
    for stage in range(len(draft.files)):
        rows = _rows(draft.files[stage])
        for kind, swapped in _swaps(rows, chance):
            files = [*draft.files]
            files[stage] = _with_rows(files[stage], swapped)
            told = verify(files, draft.plan, draft.robot, engine=warm_engine())
            tally.swaps[kind] += 1
            if told.passed:
                tally.missed.append(f"{design.name}, stage {stage}, {kind}")


def _swaps(rows: list[Row], chance: random.Random) -> Iterator[tuple[str, list[Row]]]:
    for kind, column in (("two stocks", _SOURCE_WELL), ("two wells", _TARGET)):
        # a place is a slot and a well: the same well name in two holders is two stocks
        places = sorted({(row[2], row[3]) if column == _SOURCE_WELL else ("", row[column]) for row in rows})
        if len(places) < 2:
            continue
        one, two = chance.sample(places, 2)
        yield kind, [_put(row, column, {one: two, two: one}) for row in rows]
    different = [(i, j) for i in range(len(rows)) for j in range(i) if rows[i] != rows[j]]
    if different:
        i, j = chance.choice(different)
        swapped = list(rows)
        swapped[i], swapped[j] = rows[j], rows[i]
        yield "two rows of the table", swapped
    letters = sorted({row[_TARGET][0] for row in rows})
    if len(letters) > 1:
        one_row, two_row = chance.sample(letters, 2)
        other = {one_row: two_row, two_row: one_row}
        yield "two rows of the plate", [(*row[:_TARGET], other.get(row[_TARGET][0], row[_TARGET][0]) + row[_TARGET][1:], *row[_TARGET + 1 :]) for row in rows]


def _put(row: Row, column: int, other: dict[tuple[str, str], tuple[str, str]]) -> Row:
    if column == _SOURCE_WELL:
        slot, well = other.get((row[2], row[3]), (row[2], row[3]))
        return (*row[:2], slot, well, *row[4:])
    return (*row[:column], other.get(("", row[column]), ("", row[column]))[1], *row[column + 1 :])


def _rows(text: str) -> list[Row]:
    block = text.split("MOVES = [\n")[1].split("\n]\n")[0]
    return [ast.literal_eval(line.strip().rstrip(",")) for line in block.splitlines()]


def _with_rows(text: str, rows: list[Row]) -> str:
    head, rest = text.split("MOVES = [\n")
    return head + "MOVES = [\n" + "\n".join(f"    {row!r}," for row in rows) + "\n]\n" + rest.split("\n]\n", 1)[1]


def _time_full_plate(seed: int) -> float:
    """Seconds for 96 different wells of 4 components with base medium and cells, the engine already warm."""
    chance = random.Random(seed)
    names = ("glucose", "ammonium", "magnesium", "IPTG")
    space = SearchSpace(factors=tuple(Continuous(name=name, unit="mM", low=0, high=20) for name in names))
    stocks = [
        {"name": f"{name} 200 mM", "components": {name: {"concentration": 200, "unit": "mM"}}, "volume_ml": 14, "holder": "tubes", "position": f"{'ABC'[i % 3]}{1 + i // 3}"}
        for i, name in enumerate(names)
    ]  # fmt: skip
    lab = LabProfile.model_validate(
        {
            "name": "full plate",
            "robot": {
                "pipettes": [
                    {"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]},
                    {"name": "flex_1channel_1000", "mount": "right", "tip_racks": ["opentrons_flex_96_tiprack_200ul"]},
                ]
            },
            "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 200},
            "holders": [
                {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 1000},
                {"name": "tubes", "labware": "opentrons_15_tuberack_falcon_15ml_conical", "dead_volume_ul": 300},
            ],
            "stocks": [
                {"name": "water", "volume_ml": 15, "holder": "reservoir", "position": "A1"},
                {"name": "salts 5x", "components": {"salts": {"concentration": 5, "unit": "x"}}, "volume_ml": 8, "holder": "reservoir", "position": "A2"},
                *stocks,
                {"name": "cells", "volume_ml": 5, "holder": "reservoir", "position": "A12"},
            ],
            "medium": {"base": {"salts": {"concentration": 1, "unit": "x"}}, "diluent": "water"},
            "cells": {"stock": "cells", "final_od600": 0.05, "expected_od600": 1.0},
        }
    )  # fmt: skip
    experiments = [
        ProposedExperiment(id=f"R01-{i:03d}", role="candidate", settings={name: chance.uniform(1, 20) for name in names}) for i in range(96)
    ]
    started = time.perf_counter()
    compile_plate(plate="full", experiments=experiments, space=space, lab=lab, seed=seed)
    return time.perf_counter() - started


