"""Damaged plate files: what is refused, what is read to the same numbers, and what can't be told from a good file."""

from __future__ import annotations

import platform
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from ..ingest.problems import RefusedFile
from ..ingest.results import read_results
from .plate_damage import DESTROYED, HARMLESS, UNDETECTABLE, Damage
from .plate_files import OWN, VENDOR_FILES, WORKBOOKS, PlateFile, encoded, random_file

FILES_A_CLASS, QUICK_FILES = 500, 6
CLEAN_FILES, QUICK_CLEAN = 2000, 60
CLEAN_GOAL, SLOWEST_GOAL_S = 0.995, 1.0
# of ten files, six are text tables, three workbooks and one a vendor's export
_MIX = (OWN, OWN, WORKBOOKS, OWN, OWN, WORKBOOKS, OWN, OWN, WORKBOOKS, VENDOR_FILES)


@dataclass
class Told:
    """What became of the files of one kind. `taken_wrongly` were accepted with other readings than the good file's."""

    files: int = 0
    refused: int = 0
    same: int = 0
    taken_wrongly: list[str] = field(default_factory=list)
    uncaught: list[str] = field(default_factory=list)


def bench(*, quick: bool, seeds: int | None, progress: Callable[[str], None]) -> dict[str, Any]:
    """Run it.

    Args:
        quick: some files of each kind; the whole run is some minutes.
        seeds: files of each kind, where another number than 500 is wanted.

    Returns:
        `checks` (name, value, goal, ok, n), `tables` and `environment`.
    """
    n = seeds or (QUICK_FILES if quick else FILES_A_CLASS)
    vendors = find_spec("allotropy") is not None
    seconds: list[float] = []
    clean = Told()
    for dialects in (WORKBOOKS, *([VENDOR_FILES] if vendors else [])):
        # the first file of a kind pays for loading the library that reads it
        first = random_file(0, dialects=dialects)
        _judge(first, encoded(first), Told(), [])
    for seed in range(QUICK_CLEAN if quick else CLEAN_FILES):
        file = _good(seed, vendors=vendors)
        _judge(file, encoded(file), clean, seconds)
    progress(f"{clean.same} of {clean.files} clean files read")
    told: dict[str, dict[str, Told]] = {"destroyed": {}, "harmless": {}, "undetectable": {}}
    for sort, kinds in (("destroyed", DESTROYED), ("harmless", HARMLESS), ("undetectable", UNDETECTABLE)):
        for number, (name, damage) in enumerate(kinds.items()):
            told[sort][name] = _files_of(damage, n, vendors=vendors, start=1_000_000 * (number + 1), seconds=seconds)
            progress(f"{name}: {told[sort][name].refused} of {told[sort][name].files} refused")
    everything = [clean, *(one for sort in told.values() for one in sort.values())]
    uncaught = [line for one in everything for line in one.uncaught]
    accepted = [f"{name}: {line}" for name, one in told["destroyed"].items() for line in one.taken_wrongly]
    differing = [f"{name}: {line}" for name, one in told["harmless"].items() for line in one.taken_wrongly]
    files = sum(one.files for one in everything)
    rate = clean.same / clean.files
    damaged = sum(one.files for one in told["destroyed"].values())
    return {
        "checks": [
            {"name": "uncaught errors", "value": len(uncaught), "goal": "0", "ok": not uncaught, "n": files},
            {"name": "damaged files of a detectable kind taken with other readings", "value": len(accepted), "goal": "0", "ok": not accepted, "n": damaged},
            {"name": "detectable kinds of damage", "value": len(DESTROYED), "goal": ">= 20", "ok": len(DESTROYED) >= 20, "n": len(DESTROYED)},
            {"name": "clean files read to their numbers", "value": round(rate, 5), "goal": f">= {CLEAN_GOAL:g}", "ok": rate >= CLEAN_GOAL, "n": clean.files},
            {"name": "rewritten files read to other numbers", "value": len(differing), "goal": "0", "ok": not differing, "n": sum(one.files for one in told["harmless"].values())},
            {"name": "slowest file (CPU s)", "value": round(max(seconds), 2), "goal": f"<= {SLOWEST_GOAL_S:g}", "ok": max(seconds) <= SLOWEST_GOAL_S, "n": len(seconds)},
        ],
        "tables": {
            "damage that a file, its plan or its plate contradicts": _rows(told["destroyed"]),
            "the same readings, written another way": _rows(told["harmless"]),
            "damage that nothing contradicts": _rows(told["undetectable"]),
            "taken wrongly, first 20": (accepted + differing)[:20],
            "uncaught, first 20": uncaught[:20],
            "files by dialect": dict(Counter(f"{_good(seed, vendors=vendors).dialect}, {_good(seed, vendors=vendors).container}" for seed in range(60)).most_common()),
        },
        "environment": {"python": platform.python_version(), "machine": platform.machine(), "files a kind": n, "vendors' files": vendors, "quick": quick},
    }  # fmt: skip


def _good(seed: int, *, vendors: bool) -> PlateFile:
    mix = _MIX if vendors else _MIX[:-1]
    return random_file(seed, dialects=mix[seed % len(mix)])


def _files_of(damage: Damage, n: int, *, vendors: bool, start: int, seconds: list[float]) -> Told:
    """`n` damaged files of one kind, from good files that it fits."""
    told, seed = Told(), start
    while told.files < n and seed < start + 40 * n:
        file = _good(seed, vendors=vendors)
        data = damage(file, random.Random(seed))
        seed += 1
        if data is not None and (file.container == "xlsx" or data != encoded(file)):
            _judge(file, data, told, seconds)
    return told


def _judge(file: PlateFile, data: bytes, told: Told, seconds: list[float]) -> None:
    told.files += 1
    started = time.process_time()
    try:
        result = read_results(data, plan=file.plan, name=file.name, plate=next(iter(file.plan.plates)))
    except RefusedFile:
        told.refused += 1
        return
    # the figure is exactly this: anything else than a refusal
    except Exception as fault:
        told.uncaught.append(f"{file.name}: {type(fault).__name__}: {fault}"[:200])
        return
    finally:
        seconds.append(time.process_time() - started)
    read = {(one.well, one.at_h, one.variable): one.raw for one in result.readings}
    if read == file.truth:
        told.same += 1
    else:
        told.taken_wrongly.append(f"{file.name} ({file.container})")


def _rows(kinds: dict[str, Told]) -> list[dict[str, object]]:
    return [
        {"damage": name, "files": one.files, "refused": one.refused, "same readings": one.same, "other readings taken": len(one.taken_wrongly), "uncaught": len(one.uncaught)}
        for name, one in kinds.items()
    ]  # fmt: skip
