"""Rounds as plates: which experiment stood in which well, and what was read there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset

from ..state.campaign_state import CampaignState, RoundState
from ..state.progress import is_answered
from ..state.readout import observed


@dataclass(frozen=True, kw_only=True)
class Well:
    """One used well. `value` is nan where the goal could not be read; `failed` says why, where a person did; `waiting`: not yet."""

    name: str
    id: str
    role: str
    value: float
    failed: str = ""
    waiting: bool = False


@dataclass(frozen=True, kw_only=True)
class PlateOfRound:
    """The plate of one round."""

    round: int
    plate: str
    wells: tuple[Well, ...]


def wells_by_id(state: CampaignState) -> dict[str, str]:
    """Experiment → well: as laid out by the protocol, else as the results file said."""
    told = {
        id: well for block in state.blocks for id, well in zip(block.readings.experiment_id, block.readings.well, strict=True) if well
    }  # fmt: skip
    return told | {id: well for opened in state.rounds if opened.compiled is not None for well, id in opened.compiled.layout.items()}


def plates(state: CampaignState, data: Dataset, goal: Goal) -> tuple[PlateOfRound, ...]:
    """The rounds that have wells, in their order."""
    well = wells_by_id(state)
    read = dict(zip(data.ids, observed(goal, data) if len(data) else (), strict=True))
    return tuple(
        told for opened in state.rounds if (told := _plate(opened, well, read, state)).wells
    )  # fmt: skip


def _plate(opened: RoundState, well: dict[str, str], read: dict[str, float], state: CampaignState) -> PlateOfRound:
    return PlateOfRound(
        round=opened.number, plate=opened.plate or f"R{opened.number:02d}",
        wells=tuple(
            Well(
                name=well[e.id], id=e.id, role=e.role, value=float(read.get(e.id, np.nan)), failed=state.failed.get(e.id, ""),
                waiting=not is_answered(state, e.id) and e.role != "blank",
            )
            for e in opened.experiments if e.id in well and e.role != "unused"
        ),
    )  # fmt: skip
