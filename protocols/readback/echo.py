"""An Echo pick list, read strictly: its exact header, known plates of the right type, volumes in whole drops."""

from __future__ import annotations

from collections.abc import Mapping

from .acts import Act, Bench, Parsed
from .numbers import whole
from .table import read_table

# as the maker's Cherry Pick software wants it; readers state their formats themselves
HEADER = (
    "Source Plate Name", "Source Plate Type", "Source Well", "Destination Plate Name", "Destination Plate Type", "Destination Well",
    "Transfer Volume", "Sample Name",
)  # fmt: skip


def parse_pick_list(text: str, bench: Bench, *, source_types: Mapping[str, str], plate: str, plate_type: str, step_nl: int) -> Parsed:
    """The acts of a pick list: each row draws from a source well into a well of the plate, and touches neither.

    Args:
        source_types: plate name → the maker's source plate type; no other plate may be a source.
    """
    table = read_table(text, HEADER)
    acts: list[Act] = []
    faults = list(table.faults)
    for line, (source, source_type, source_well, target, target_type, target_well, volume, _) in table.rows:
        nanolitres = whole(volume)
        told = ""
        if source not in source_types:
            told = f"unknown source plate {source!r}"
        elif source_type != source_types[source]:
            told = f"source plate {source!r} of type {source_type!r} instead of {source_types[source]!r}"
        elif (target, target_type) != (plate, plate_type):
            told = f"destination {target!r} of type {target_type!r} instead of {plate!r} of type {plate_type!r}"
        elif source_well not in bench.racks[source] or target_well not in bench.racks[target]:
            told = f"wells {source_well!r} and {target_well!r}"
        elif nanolitres is None or nanolitres == 0 or nanolitres % step_nl:
            told = f"volume {volume!r} nL, no multiple of {step_nl} nL"
        if told or nanolitres is None:
            faults.append(f"line {line}: {told}")
            continue
        acts += [
            Act("aspirate", (source, source_well), nanolitres, line), Act("dispense", (target, target_well), nanolitres, line), Act("change", ("", ""), 0, line),
        ]  # fmt: skip
    return Parsed(acts=tuple(acts), faults=tuple(faults))
