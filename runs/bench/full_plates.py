"""What full plates cost: 96 wells of 4 components, and 384 wells of 6 with dilutions, from the design to checked files."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from protocols.draft import Draft, draft_plate
from protocols.engine.client import warm_engine
from protocols.pipettes import mounted_hands
from protocols.robot_plan.peers import our_tips, tips_by_rule
from protocols.verify import verify
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

NAMES = ("glucose", "ammonium", "magnesium", "IPTG", "arabinose", "NaCl")
FLEX = {
    "pipettes": [
        {"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]},
        {"name": "flex_8channel_1000", "mount": "right", "tip_racks": ["opentrons_flex_96_tiprack_200ul"]},
    ]
}
SECONDS_96, DRAFT_SECONDS_384, ENGINE_SECONDS_384 = 10.0, 5.0, 60.0


def full_plates(*, runs: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """Checks and tables; times are the best of `runs`, the engine warm."""
    warm_engine()
    rows: list[dict[str, Any]] = []
    for seed in range(runs):
        for wells, components, dilutions in ((96, 4, False), (384, 6, True)):
            progress(f"{wells} wells of {components} components, run {seed + 1} of {runs}")
            rows.append(_timed(wells, components, dilutions=dilutions, seed=seed))
    small, large = [row for row in rows if row["wells"] == 96], [row for row in rows if row["wells"] == 384]
    whole = min(row["solve, check and emit (s)"] + row["engine (s)"] for row in small)
    draft, engine = min(row["solve, check and emit (s)"] for row in large), min(row["engine (s)"] for row in large)
    return {
        "checks": [
            {"name": "96 wells, 4 components: compile and verify, warm (s)", "value": round(whole, 2), "goal": f"<= {SECONDS_96:g}", "ok": whole <= SECONDS_96, "n": len(small)},
            {"name": "384 wells, 6 components, dilutions: solve, check and emit (s)", "value": round(draft, 2), "goal": f"<= {DRAFT_SECONDS_384:g}", "ok": draft <= DRAFT_SECONDS_384, "n": len(large)},
            {"name": "384 wells, 6 components, dilutions: engine's verification (s)", "value": round(engine, 1), "goal": f"<= {ENGINE_SECONDS_384:g}", "ok": engine <= ENGINE_SECONDS_384 and all(row["verified"] for row in large), "n": len(large)},
        ],
        "tables": {"full plates": rows},
    }  # fmt: skip


def _timed(wells: int, components: int, *, dilutions: bool, seed: int) -> dict[str, Any]:
    space, lab, experiments = plate(wells, components, dilutions=dilutions, seed=seed)
    begun = time.perf_counter()
    draft = draft_plate(plate="full", experiments=experiments, space=space, lab=lab, seed=seed)
    drafted = time.perf_counter()
    told = verify(draft.files, draft.plan, draft.robot, engine=warm_engine())
    return {
        "wells": wells, "components": components, "seed": seed, "dilutions": len(draft.plan.dilutions),
        "solve, check and emit (s)": round(drafted - begun, 2), "engine (s)": round(time.perf_counter() - drafted, 1), "commands": told.commands,
        "verified": told.passed, "largest gap (nL)": told.largest_gap_nl, **_tips(draft, lab),
    }  # fmt: skip


def _tips(draft: Draft, lab: LabProfile) -> dict[str, Any]:
    peers = tips_by_rule(draft.plan, mounted_hands(lab))
    return {"tips": our_tips(draft.robot), **{f"tips, {rule}": f"{count.tips}{'' if count.clean else f', {count.dirty} dirty'}" for rule, count in peers.items()}}


def plate(wells: int, components: int, *, dilutions: bool, seed: int) -> tuple[SearchSpace, LabProfile, tuple[ProposedExperiment, ...]]:
    """A full plate of different wells, with base medium, and cells where nothing is diluted."""
    chance = random.Random(seed)
    names = NAMES[:components]
    high = 10.0 if dilutions else 20.0
    space = SearchSpace(factors=tuple(Continuous(name=name, unit="mM", low=0, high=high) for name in names))
    stocks = [
        {"name": f"{name} 200 mM", "components": {name: {"concentration": 200, "unit": "mM"}}, "volume_ml": 14, "holder": "tubes", "position": f"{'ABC'[i % 3]}{1 + i // 3}"}
        for i, name in enumerate(names)
    ]  # fmt: skip
    lab = LabProfile.model_validate(
        {
            "name": "full plate", "robot": FLEX,
            "plate": {"labware": "corning_384_wellplate_112ul_flat", "volume_ul": 60} if dilutions else {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 200},
            "holders": [
                {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 1000},
                {"name": "tubes", "labware": "opentrons_15_tuberack_falcon_15ml_conical", "dead_volume_ul": 300},
            ],
            **({"dilutions": {"labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 50}} if dilutions else {"cells": {"stock": "cells", "final_od600": 0.05, "expected_od600": 1.0}}),
            "stocks": [
                {"name": "water", "volume_ml": 45, "holder": "reservoir", "position": "A1", "more_positions": ["A3", "A4"]},
                {"name": "salts 5x", "components": {"salts": {"concentration": 5, "unit": "x"}}, "volume_ml": 8, "holder": "reservoir", "position": "A2"},
                *stocks,
                {"name": "cells", "volume_ml": 5, "holder": "reservoir", "position": "A12"},
            ],
            "medium": {"base": {"salts": {"concentration": 1, "unit": "x"}}, "diluent": "water"},
        }
    )  # fmt: skip
    # with dilutions, over two and a third decades: most values lie below what the stocks themselves reach
    experiments = tuple(
        ProposedExperiment(
            id=f"R01-{i:03d}", role="candidate", settings={name: 10 ** chance.uniform(-1.3, 1.0) if dilutions else chance.uniform(1, 20) for name in names}
        )
        for i in range(wells)
    )
    return space, lab, experiments
