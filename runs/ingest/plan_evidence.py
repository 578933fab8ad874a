"""What a file's readings say of the plan: does it lie the right way, do replicates agree."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from world_model.terms.errors import ProtocolError
from world_model.terms.plates import parse_well
from world_model.terms.readings import Observation

from .cells import UnreadableCell, read_cell
from .entries import Entries
from .matching import Matched
from .orientation import judge_orientation, other_ways
from .problems import CellProblem
from .reading_plan import ReadingPlan
from .replicates import ReplicateSet
from .replicates import replicate_sets as statistics_of

# fewer wells fit some shift by chance
_FEWEST_SHIFTED = 4


def judge_lay(entries: Entries, plan: ReadingPlan, plates: Sequence[str], matched: Matched) -> None:
    """Hold each plate's readings against its blanks and replicates: strong evidence of another lay is a problem, less a note."""
    for plate in plates:
        layout = plan.plates.get(plate, {})
        if not layout:
            continue
        roles = {well: plan.roles.get(experiment, "") for well, experiment in layout.items()}
        sets = {well: plan.sets[experiment] for well, experiment in layout.items() if experiment in plan.sets}
        for measurement in plan.measurements:
            # blanks are the lowest wells only where the campaign subtracts them as background
            told = roles if measurement.subtract_blank else dict.fromkeys(roles, "")
            finding = judge_orientation(_last_values(entries, plan, plate, measurement.name, one_plate=len(plates) == 1), told, sets, plan.format)
            if finding is None:
                continue
            where = f"{plate}: {measurement.name}"
            if finding.strong:
                matched.problems.append(CellProblem(None, where, finding.expected, finding.found, finding.mend))
            else:
                matched.notes.append(f"{where}: expected {finding.expected}, found {finding.found}. {finding.mend}")


def judge_shift(entries: Entries, plan: ReadingPlan, plates: Sequence[str], matched: Matched) -> None:
    """Name, before all other problems, the one row or column by which a plate's wells would have to move to be the planned ones."""
    for plate in plates:
        found: dict[str, float] = {}
        for entry in entries.found:
            if entry.well is None or not entry.text or entry.plate not in ((plate, None) if len(plates) == 1 else (plate,)):
                continue
            with suppress(ProtocolError):
                found[parse_well(entry.well, plan.format)] = 0.0
        planned = set(plan.plates.get(plate, {}))
        if found.keys() == planned or len(planned) < _FEWEST_SHIFTED:
            continue
        ways = [name for name, moved in other_ways(found, plan.format) if name.startswith("moved") and moved.keys() == planned and len(found) == len(planned)]
        if ways:
            mend = "Rows or columns of the table may be shifted: look at the plate, and export the file again."
            matched.problems.insert(0, CellProblem(None, plate, "readings of the planned wells", f"others, that fit the plan if every well is {' or '.join(ways)}", mend))


def _last_values(entries: Entries, plan: ReadingPlan, plate: str, measurement: str, *, one_plate: bool) -> dict[str, float]:
    """Well → number at the file's last time, planned wells and others."""
    last: dict[str, tuple[float, float]] = {}
    for entry in entries.found:
        if entry.measurement != measurement or entry.well is None or not entry.text or entry.plate not in ((plate, None) if one_plate else (plate,)):
            continue
        try:
            well = parse_well(entry.well, plan.format)
            value = read_cell(entry.text, decimal_comma=entries.decimal_comma).value
        except (ProtocolError, UnreadableCell):
            continue
        at_h = entry.time_h if entry.time_h is not None else 0.0
        if value is not None and (well not in last or at_h >= last[well][0]):
            last[well] = (at_h, value)
    return {well: value for well, (_, value) in last.items()}


def replicate_sets(readings: Sequence[Observation], plan: ReadingPlan) -> tuple[ReplicateSet, ...]:
    """Statistics of every set with at least two readings, by measurement and time."""
    gathered: dict[tuple[str, float | None], dict[str, dict[str, float]]] = {}
    for one in readings:
        name = plan.sets.get(one.experiment_id)
        if name is not None and one.value is not None and one.flag == "ok":
            where = f"{one.plate}:{one.well}" if len(plan.plates) > 1 and one.plate else one.well or one.experiment_id
            gathered.setdefault((one.variable, one.at_h), {}).setdefault(name, {})[where] = one.value
    noise = {measurement.name: measurement.noise for measurement in plan.measurements}
    return tuple(
        one for (variable, at_h), sets in gathered.items()
        for one in statistics_of({name: values for name, values in sets.items() if len(values) > 1}, measurement=variable, at_h=at_h, noise=noise[variable])
    )  # fmt: skip
