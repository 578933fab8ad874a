"""A Tecan worklist, read strictly: every line is a known record with the right number of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .acts import Act, Bench, Parsed, Place
from .numbers import microlitres, whole

FIELDS = 11
_CHANGES = ("W;", "W1;", "W2;", "W3;", "W4;")


@dataclass(frozen=True, kw_only=True)
class Worktable:
    """How the worktable calls the racks: label → name in the plan, and label → type (empty: not told)."""

    racks: Mapping[str, str]
    types: Mapping[str, str]
    liquid_class: str
    change: str


@dataclass
class _Block:
    """What is queued between two breaks: the robot may do it in another order, so order must not matter in it."""

    sources: dict[Place, int] = field(default_factory=dict)
    fed_from: dict[Place, Place] = field(default_factory=dict)

    def faults(self, source: Place, target: Place, line: int) -> list[str]:
        found = []
        self.sources[source] = self.sources.get(source, 0) + 1
        if source == target and (self.sources[source] > 1 or self.fed_from):
            found.append(f"line {line}: {target[1]} of {target[0]} is mixed while other work on it may be queued: expected a break (B;) before")
        elif source != target and (target in self.sources or source in self.fed_from):
            found.append(f"line {line}: {target[1]} of {target[0]} and {source[1]} of {source[0]} are filled and drawn from without a break (B;) between")
        elif self.fed_from.get(target, source) != source:
            found.append(f"line {line}: two liquids go into {target[1]} of {target[0]} without a break (B;) between")
        self.fed_from[target] = source
        return found


def parse_worklist(text: str, bench: Bench, table: Worktable) -> Parsed:
    """The acts of a worklist. `A` and `D` have eleven fields; positions count wells down the columns from 1."""
    acts: list[Act] = []
    faults: list[str] = []
    block = _Block()
    drawn: Place | None = None
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line == "" or line.startswith("C;"):
            continue
        if line == "B;":
            block = _Block()
        elif line in _CHANGES:
            if line != table.change:
                faults.append(f"line {number}: {line!r} instead of {table.change!r}")
            acts.append(Act("change", ("", ""), 0, number))
            drawn = None
        elif line[:2] in ("A;", "D;"):
            parts = line.split(";")
            told = _record(parts, bench, table)
            if isinstance(told, str):
                faults.append(f"line {number}: {told}")
                continue
            place, volume = told
            if parts[0] == "A":
                acts.append(Act("aspirate", place, volume, number))
                if drawn is not None:
                    # the next unused tip would take it, and nobody knows what that one met
                    faults.append(f"line {number}: a second aspirate before the tip is changed")
                drawn = place
            else:
                acts.append(Act("dispense", place, volume, number))
                faults += [f"line {number}: a dispense without an aspirate"] if drawn is None else block.faults(drawn, place, number)
        else:
            faults.append(f"line {number}: expected a record A, D, W, B or C, found {line[:40]!r}")
    if acts and acts[-1].kind != "change":
        faults.append("the last tip is not changed")
    return Parsed(acts=tuple(acts), faults=tuple(faults))


def _record(parts: list[str], bench: Bench, table: Worktable) -> tuple[Place, int] | str:
    if len(parts) != FIELDS:
        return f"expected {FIELDS} fields, found {len(parts)}"
    _, label, rack_id, rack_type, position, tube, volume, liquid_class, tip_type, mask, forced = parts
    if any((rack_id, tube, tip_type, mask, forced)):
        return "expected rack id, tube id, tip type, tip mask and forced rack type to be empty"
    if label not in table.racks:
        return f"unknown rack {label!r}"
    if rack_type != table.types[label]:
        return f"rack {label!r} is of type {rack_type!r} instead of {table.types[label]!r}"
    if liquid_class != table.liquid_class:
        return f"liquid class {liquid_class!r} instead of {table.liquid_class!r}"
    wells = bench.racks[table.racks[label]]
    at, nanolitres = whole(position), microlitres(volume)
    if at is None or not 1 <= at <= len(wells):
        return f"position {position!r} of {label!r}, which has {len(wells)} wells"
    if nanolitres is None or nanolitres == 0:
        return f"volume {volume!r}"
    return (table.racks[label], wells[at - 1]), nanolitres
