"""Which experiment stands in which well: randomised, seeded, replicates apart."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from world_model.terms.lab_profile import PlateProfile
from world_model.terms.plates import PlateFormat, all_wells, inner_wells
from world_model.terms.proposal import ProposedExperiment

# Of this many random layouts the one whose replicates share the fewest rows and columns is taken.
DRAWS = 64


def usable_wells(plate: PlateProfile, layout: PlateFormat) -> tuple[str, ...]:
    """The wells that experiments may use, row by row."""
    return inner_wells(layout) if plate.use == "inner" else all_wells(layout)


def edge_wells(layout: PlateFormat) -> tuple[str, ...]:
    """The wells on the plate's edge, row by row."""
    inner = set(inner_wells(layout))
    return tuple(well for well in all_wells(layout) if well not in inner)


def child_seed(seed: int, *purpose: str) -> int:
    """A seed for one purpose, from the campaign's."""
    return int.from_bytes(hashlib.sha256("\x1f".join([str(seed), *purpose]).encode()).digest()[:8], "big")


def draw_layout(experiments: Sequence[ProposedExperiment], wells: Sequence[str], *, seed: int, plate: str) -> dict[str, str]:
    """Well → experiment id. There must be at least as many wells as experiments."""
    ids = [experiment.id for experiment in experiments]
    groups = [experiment.repeat_of or experiment.id for experiment in experiments]
    groups = [_control_group(experiment, group) for experiment, group in zip(experiments, groups, strict=True)]
    chance = random.Random(child_seed(seed, "layout", plate))
    best: tuple[int, list[str]] | None = None
    for _ in range(DRAWS):
        drawn = chance.sample(list(wells), len(ids))
        shared = _shared_lines(drawn, groups)
        if best is None or shared < best[0]:
            best = shared, drawn
        if shared == 0:
            break
    assert best is not None
    return dict(zip(best[1], ids, strict=True))


def _control_group(experiment: ProposedExperiment, group: str) -> str:
    """Controls of equal settings and all blanks are repeats of each other too."""
    if experiment.role == "blank":
        return "blank"
    if experiment.role == "control":
        return "control " + repr(sorted(experiment.settings.items()))
    return group


def _shared_lines(drawn: Sequence[str], groups: Sequence[str]) -> int:
    """How many pairs of repeats share a row or a column."""
    shared = 0
    seen: dict[str, list[tuple[str, str]]] = {}
    for well, group in zip(drawn, groups, strict=True):
        row, column = well.rstrip("0123456789"), well.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        shared += sum((row == other_row) + (column == other_column) for other_row, other_column in seen.get(group, ()))
        seen.setdefault(group, []).append((row, column))
    return shared
