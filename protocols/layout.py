"""Which experiment stands in which well: randomised, seeded, replicates apart."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from world_model.terms.lab_profile import PlateProfile
from world_model.terms.plates import PlateFormat, all_wells, inner_wells
from world_model.terms.proposal import ProposedExperiment

# Random swaps that may part repeats which share a row or a column; 96 wells need a few hundred.
SWAPS = 3000


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
    # the wells left over take part as groups of their own, so that a repeat may move there
    drawn = chance.sample(list(wells), len(wells))
    groups += [f"empty {i}" for i in range(len(wells) - len(ids))]
    _part_repeats(drawn, groups, chance)
    return dict(zip(drawn, ids, strict=False))


def _part_repeats(drawn: list[str], groups: Sequence[str], chance: random.Random) -> None:
    """Swap wells at random, keeping a swap that parts repeats, until no two repeats share a row or column, or SWAPS are spent."""
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    repeated = [i for i, group in enumerate(groups) if len(members[group]) > 1]
    if not repeated:
        return

    def shared(i: int) -> int:
        row, column = _lines(drawn[i])
        return sum((row == r) + (column == c) for r, c in (_lines(drawn[j]) for j in members[groups[i]] if j != i))

    for _ in range(SWAPS):
        i, j = chance.choice(repeated), chance.randrange(len(drawn))
        before = shared(i) + shared(j)
        if i == j or shared(i) == 0 or groups[i] == groups[j]:
            continue
        drawn[i], drawn[j] = drawn[j], drawn[i]
        if shared(i) + shared(j) >= before:
            drawn[i], drawn[j] = drawn[j], drawn[i]


def _control_group(experiment: ProposedExperiment, group: str) -> str:
    """Controls of equal settings and all blanks are repeats of each other too."""
    if experiment.role == "blank":
        return "blank"
    if experiment.role == "control":
        return "control " + repr(sorted(experiment.settings.items()))
    return group


def _lines(well: str) -> tuple[str, str]:
    """`B11` → row B, column 11."""
    letters = well.rstrip("0123456789")
    return letters, well[len(letters) :]
