"""A PyLabRobot script, read without running it: its tables are literals, and its loop is the one that is always written."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from typing import Any

from ..emitters.pylabrobot import BODY, CARRIERS, IMPORTS
from .acts import Act, Bench, Parsed, Place

# The imports and the loop that were run under PyLabRobot's chatterbox: whoever changes them runs them again, then writes this.
PROVEN_SHA256 = "d1233ac7768ebb979cfca107718ad5225d4fb5ed5ba9992487546bf13e4cd15f"
_TABLES = ("PROTOCOL", "CARRIERS", "RACKS", "TIP_RACKS", "VOLUMES", "STEPS")
# a script has no capacity of its own; the volumes before a stage are floats of whole nanolitres
_CLOSE_UL = 1e-6


def parse_script(text: str, bench: Bench, *, kinds: Mapping[str, str], held_nl: Mapping[Place, float], tips: int) -> Parsed:
    """The acts of a script.

    Args:
        kinds: rack → PyLabRobot resource.
        held_nl: what each well holds before this stage, as the plan says.
        tips: fresh tips that the stage was told to take.
    """
    if hashlib.sha256((IMPORTS + BODY).encode()).hexdigest() != PROVEN_SHA256:
        return Parsed(acts=(), faults=("the loop is not the one that was proven",))
    if not text.endswith("\n" + BODY):
        return Parsed(acts=(), faults=("the loop is not the one that is always written",))
    try:
        tables = _tables(text[: -len(BODY)])
    except (SyntaxError, ValueError) as fault:
        return Parsed(acts=(), faults=(f"tables: {fault}",))
    if isinstance(tables, str):
        return Parsed(acts=(), faults=(tables,))
    faults = _deck(tables, kinds, held_nl)
    acts: list[Act] = []
    for line, row in enumerate(tables["STEPS"], start=1):
        if not (isinstance(row, tuple) and len(row) == 6 and isinstance(row[0], bool) and all(isinstance(name, str) for name in row[1:5]) and isinstance(row[5], float)):
            faults.append(f"step {line}: {row!r}")
            continue
        fresh, source, source_well, target, well, volume = row
        if fresh and acts:
            acts.append(Act("change", ("", ""), 0, line))
        if source_well not in bench.racks.get(source, ()) or well not in bench.racks.get(target, ()):
            faults.append(f"step {line}: wells {source_well!r} of {source!r} and {well!r} of {target!r}")
            continue
        acts += [Act("aspirate", (source, source_well), round(volume * 1000, 6), line), Act("dispense", (target, well), round(volume * 1000, 6), line)]
    fresh_tips = sum(row[0] is True for row in tables["STEPS"] if isinstance(row, tuple) and row)
    if fresh_tips != tips or (acts and tables["STEPS"][0][0] is not True):
        faults.append(f"{fresh_tips} fresh tips instead of {tips}")
    return Parsed(acts=tuple(acts), faults=tuple(faults))


def _tables(head: str) -> dict[str, Any] | str:
    """The literals of the head: the imports that are always written, then one assignment a table."""
    tree = ast.parse(head).body
    imports = ast.parse(IMPORTS).body
    if [ast.dump(node) for node in tree[: len(imports)]] != [ast.dump(node) for node in imports]:
        return "other imports than those that are always written"
    tables: dict[str, Any] = {}
    for node in tree[len(imports) :]:
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            return f"line {node.lineno} is no table"
        tables[node.targets[0].id] = ast.literal_eval(node.value)
    return tables if tuple(tables) == _TABLES else f"tables {', '.join(tables)} instead of {', '.join(_TABLES)}"


def _deck(tables: Mapping[str, Any], kinds: Mapping[str, str], held_nl: Mapping[Place, float]) -> list[str]:
    faults = []
    if tables["CARRIERS"] != list(CARRIERS):
        faults.append("other carriers than those that are always written")
    racks = {name: kind for name, kind, *_ in tables["RACKS"] if name not in tables["TIP_RACKS"]}
    faults += [f"rack {name!r} is a {kind!r} instead of {kinds.get(name)!r}" for name, kind in racks.items() if kinds.get(name) != kind]
    sites = [(carrier, site) for _, _, carrier, site in tables["RACKS"]]
    if len(set(sites)) != len(sites):
        faults.append("two racks on one site")
    told = {(name, well): volume for name, well, volume in tables["VOLUMES"]}
    due = {place: volume / 1000 for place, volume in held_nl.items() if place[0] in racks and volume > 0}
    faults += [
        f"{place[1]} of {place[0]} holds {told.get(place, 0.0):g} µL instead of {due.get(place, 0.0):g} µL"
        for place in sorted(told.keys() | due.keys())
        if abs(told.get(place, 0.0) - due.get(place, 0.0)) > _CLOSE_UL
    ]
    return faults
