"""Draw a layout, or take the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from world_model.terms.errors import ProtocolError
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from ..labware import labware
from .balance import balance_of, lines_as_numbers, traits_of, where_placed
from .ground import Ground, ground_of, survey
from .record import LayoutRecord
from .search import Search, task_of
from .seeds import child_seed
from .sets import replicate_sets
from .zones import ZoneValues, zone_of_experiments, zone_values

# Draws of which the best is improved by swaps, and how often that is begun anew while a set still lies in one line.
DRAWS = 8
MOST_STARTS = 25


def lay_out(
    experiments: Sequence[ProposedExperiment], lab: LabProfile, *, seed: int, plate: str, own: Mapping[str, str] | None = None
) -> LayoutRecord:
    """The layout of a plate: drawn from the seed, or the user's `own` (well → experiment id), which is kept as it is.

    `layout_reasons` tells beforehand, with numbers, why a layout can't be drawn or the own one can't be used.

    Raises:
        ProtocolError: no layout exists (too few wells, or zones without room).
    """
    ground = ground_of(lab.plate, labware(lab.plate.labware).format)
    values = zone_values(experiments, lab, seed=seed, plate=plate)
    if values.findings:
        raise ProtocolError(f"Plate {plate}: " + " ".join(str(finding) for finding in values.findings))
    if own is None:
        wells, swaps = _drawn(experiments, ground, values, lab.plate.zone_factors, seed=seed, plate=plate)
    else:
        wells, swaps = {well: own[well] for well in ground.wells if well in own}, 0
        values = _own_zones(experiments, ground, wells, lab.plate.zone_factors)
    traits = traits_of(experiments, without=set(lab.plate.zone_factors))
    return LayoutRecord(
        plate=plate, seed=seed, method="drawn" if own is None else "given", wells=wells,
        block={well: int(ground.block[ground.at(well)]) + 1 for well in wells},
        zone={well: ground.zones[ground.zone[ground.at(well)]] for well in wells} if ground.zones else {},
        zone_values=values.of, balance=balance_of(traits, lines_as_numbers(ground), where_placed(wells, ground, experiments)), swaps=swaps,
    )  # fmt: skip


def draw_layout(experiments: Sequence[ProposedExperiment], wells: Sequence[str], *, seed: int, plate: str) -> dict[str, str]:
    """Well → experiment id, on a plate of one block without zones. There must be at least as many wells as experiments."""
    return _drawn(experiments, survey(wells), ZoneValues(of={}), (), seed=seed, plate=plate)[0]


def _drawn(
    experiments: Sequence[ProposedExperiment], ground: Ground, values: ZoneValues, factors: Sequence[str], *, seed: int, plate: str
) -> tuple[dict[str, str], int]:
    if len(experiments) > len(ground.wells):
        raise ProtocolError(f"Expected at most {len(ground.wells)} experiments, the plate's usable wells, found {len(experiments)}.")
    chance = np.random.default_rng(child_seed(seed, "layout", plate))
    position = {experiment.id: i for i, experiment in enumerate(experiments)}
    task = task_of(
        ground, sets=[[position[name] for name in ids] for ids in replicate_sets(experiments).values()],
        zones=zone_of_experiments(experiments, ground, values, factors), traits=traits_of(experiments, without=set(factors)), lines=lines_as_numbers(ground),
    )  # fmt: skip
    best = Search(task, chance)
    if not task.free:
        best = min([best, *(Search(task, chance) for _ in range(DRAWS - 1))], key=lambda search: search.criterion())
        best.improve()
        for _ in range(MOST_STARTS):
            if not best.in_one_line().any():
                break
            again = Search(task, chance)
            again.improve()
            best = min(best, again, key=lambda search: search.criterion())
    at = {experiment.id: ground.wells[int(best.place[i])] for i, experiment in enumerate(experiments)}
    layout = {well: name for name, well in at.items()}
    return {well: layout[well] for well in ground.wells if well in layout}, best.swaps


def _own_zones(experiments: Sequence[ProposedExperiment], ground: Ground, wells: Mapping[str, str], factors: Sequence[str]) -> ZoneValues:
    """What holds in each zone of a layout that a user gave: the values of the experiments that stand there."""
    by_id = {experiment.id: experiment for experiment in experiments}
    found: dict[str, dict[str, float | str]] = {}
    for well, name in wells.items():
        told = {factor: by_id[name].settings[factor] for factor in factors if factor in by_id[name].settings}
        if told and ground.zones:
            found.setdefault(ground.zones[ground.zone[ground.at(well)]], told)
    return ZoneValues(of=found)
