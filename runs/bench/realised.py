"""What it is worth to learn from what was really made: one loop told the realised settings, one the asked ones, coarse pipettes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any, Literal

import numpy as np

from protocols.labware import labware
from protocols.layout import draw_layout, usable_wells
from protocols.realised import realised_settings
from world_model.labs.registry import open_lab
from world_model.terms.lab import Lab
from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import Robot

from ..documents.campaign_file import LoadedCampaign, load_campaign
from ..ingest.reading_plan import ReadingPlan
from ..loop import best_true_curves
from ..state.campaign_state import CampaignState
from ..state.charter import Charter
from ..state.payloads import ProtocolCompiled
from ..verbs.answer import order_of
from ..verbs.compile_round import plate_id
from ..verbs.open_campaign import LabFile, OpenCampaign, begin
from ..verbs.propose import propose
from ..verbs.record import reading_plan, record_content

Told = Literal["realised", "asked"]
TOLD: tuple[Told, ...] = ("realised", "asked")
# Hand pipettes set to whole steps of 5 µL, into wells of 100 µL: a volume of 5 µL is right to half of itself.
COARSE = Robot(model="hands", name="coarse pipettes", least_ul=5, most_ul=200, step_ul=5)
WELL_UL = 100.0
SEEDS, QUICK_SEEDS = 10, 1


def bench_realised(*, quick: bool, seeds: int | None, progress: Callable[[str], None]) -> dict[str, Any]:
    """One row a seed and the check that goes with them."""
    with resources.as_file(resources.files("runs.examples") / "microplate.toml") as file:
        loaded = load_campaign(file)
        lab = open_lab("microplate", doc=loaded.doc, space=loaded.space, base=loaded.base)
    rows = []
    for seed in range(seeds or (QUICK_SEEDS if quick else SEEDS)):
        row: dict[str, Any] = {"seed": seed}
        for told in TOLD:
            progress(f"coarse pipettes, seed {seed}: told the {told} settings")
            state, gap = _campaign(loaded, lab, told=told, seed=seed, rounds=2 if quick else None)
            curve = best_true_curves(state, lab)[0]
            row[f"{told} best"] = round(float(curve[-1]), 1)
            row[f"{told} halfway"] = round(float(curve[len(curve) // 2 - 1]), 1)
            row["median gap between asked and made"] = round(gap, 4)
        rows.append(row)
    gain = np.array([row["realised best"] - row["asked best"] for row in rows])
    wins = int((gain > 0).sum())
    return {
        "checks": [
            {
                "name": "coarse pipettes: best true value when told the realised settings, less when told the asked ones, median (RFU)",
                "value": round(float(np.median(gain)), 1), "goal": "> 0", "ok": float(np.median(gain)) > 0, "n": len(rows),
            }
        ],
        "tables": {"coarse pipettes": rows, "coarse pipettes, seeds won by realised": wins},
    }  # fmt: skip


def coarse_lab(profile: LabProfile) -> LabProfile:
    """The campaign's bench, with coarse hand pipettes in the place of its robot."""
    plate = profile.plate.model_copy(update={"volume_ul": WELL_UL})
    # half as dense an inoculum, so that 5 µL of it are what a well needs
    cells = None if profile.cells is None else profile.cells.model_copy(update={"expected_od600": profile.cells.expected_od600 / 2})
    return profile.model_copy(update={"robot": COARSE, "robots": (), "plate": plate, "cells": cells})


def _campaign(loaded: LoadedCampaign, lab: Lab, *, told: Told, seed: int, rounds: int | None) -> tuple[CampaignState, float]:
    """A whole campaign in memory, and the median relative gap between asked and made."""
    assert loaded.lab is not None
    profile = coarse_lab(loaded.lab)
    charter = Charter.of(loaded.doc, loaded.space).model_copy(update={"seed": seed, "protocol": False})
    campaign = begin(charter, loaded.space, workspace=None, lab=LabFile(profile=profile, text=loaded.lab_text or ""))
    gaps: list[float] = []
    for _ in range(rounds or loaded.doc.budget.rounds or 1):
        propose(campaign, n=loaded.doc.batch.candidates)
        gaps += _carry_out(campaign, lab, profile, told=told)
    state = campaign.standing()
    campaign.close()
    return state, float(np.median(gaps))


def _carry_out(campaign: OpenCampaign, lab: Lab, profile: LabProfile, *, told: Told) -> list[float]:
    """Compile without a robot, let the lab answer for what was made, record; the journal is told one or the other."""
    state = campaign.standing()
    opened = state.rounds[-1]
    made = realised_settings(opened.experiments, campaign.space, profile)
    plate = plate_id(state.name, opened.number)
    layout = draw_layout(
        opened.experiments, usable_wells(profile.plate, labware(profile.plate.labware).format), seed=state.charter.seed, plate=plate
    )
    compiled = ProtocolCompiled(
        round=opened.number, plate=plate, stages=(), layout=layout, planned=made, files=(), protocol_sha256="0" * 64, lab_sha256="0" * 64,
        volume_ul=profile.plate.volume_ul,
    )  # fmt: skip
    after = campaign.append([compiled], on=state)
    answered = lab.answer(order_of(after, after.rounds[-1], campaign.space))
    if told == "asked":
        campaign.append([compiled.model_copy(update={"planned": {e.id: dict(e.settings) for e in opened.experiments}})], on=after)
    plan = reading_plan(after, [after.rounds[-1]])
    plan = ReadingPlan(measurements=plan.measurements, roles=plan.roles, plates={plate: layout})
    record_content(campaign, answered.text.encode(), name=answered.name, round=opened.number, simulated=True, plan=plan)
    return _gaps(opened.experiments, made)


def _gaps(experiments: Sequence[Any], made: Mapping[str, Mapping[str, float | str]]) -> list[float]:
    """Relative gaps of every amount that was asked for."""
    return [
        abs(float(made[experiment.id][name]) / value - 1)
        for experiment in experiments
        for name, value in experiment.settings.items()
        if isinstance(value, int | float) and value > 0 and isinstance(made[experiment.id].get(name), int | float)
    ]
