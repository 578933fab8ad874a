"""The table of what hands do, read strictly."""

from __future__ import annotations

from .acts import Act, Bench, Parsed
from .numbers import microlitres, whole
from .table import read_table

COLUMNS = ("stage", "at_h", "when", "step", "do", "liquid", "from", "from_well", "to", "to_well", "volume_ul", "tip")


def parse_by_hand(text: str, bench: Bench) -> dict[tuple[str, str], Parsed]:
    """(stage, when) → acts, in the table's order. Faults of the table as a whole stand under ("", "")."""
    table = read_table(text, COLUMNS)
    acts: dict[tuple[str, str], list[Act]] = {}
    faults: dict[tuple[str, str], list[str]] = {}
    steps: dict[tuple[str, str], int] = {}
    if table.faults:
        faults["", ""] = list(table.faults)
    for line, (stage, _, when, step, does, _, source, source_well, target, target_well, volume, tip) in table.rows:
        key = stage, when
        here = acts.setdefault(key, [])
        told = []
        nanolitres = microlitres(volume)
        if when not in ("before", "after", "alone"):
            told.append(f"when {when!r}")
        if tip not in ("new", "same") or (tip == "same" and not here):
            told.append(f"tip {tip!r}")
        if does not in ("transfer", "mix") or (does == "mix") != ((source, source_well) == (target, target_well)):
            told.append(f"{does!r} from {source_well} of {source} to {target_well} of {target}")
        if source_well not in bench.racks.get(source, ()) or target_well not in bench.racks.get(target, ()):
            told.append(f"wells {source_well!r} of {source!r} and {target_well!r} of {target!r}")
        steps[key] = steps.get(key, 0) + 1
        if whole(step) != steps[key]:
            told.append(f"step {step!r}")
        if nanolitres is None or nanolitres == 0:
            told.append(f"volume {volume!r} µL")
        if told or nanolitres is None:
            faults.setdefault(key, []).append(f"line {line}: {', '.join(told)}")
            continue
        if tip == "new" and here:
            here.append(Act("change", ("", ""), 0, line))
        here += [Act("aspirate", (source, source_well), nanolitres, line), Act("dispense", (target, target_well), nanolitres, line)]
    return {key: Parsed(acts=tuple(acts.get(key, ())), faults=tuple(faults.get(key, ()))) for key in [*faults.keys() - acts.keys(), *acts]}
