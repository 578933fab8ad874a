"""What exactly was certified: hashes over the records, and over the model with its hyper-parameters, seed and code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass

import numpy as np

from ..contestants.registry import contestants, named
from ..contract import Contestant
from ..terms.readings import Dataset
from ..terms.space import SearchSpace


def data_sha256(space: SearchSpace, data: Dataset) -> str:
    """Over the space and every reading with its settings, role and plate; the order of the records does not count."""
    rows: dict[str, object] = {}
    for i, id in enumerate(data.ids):
        settings = {name: _plain(column[i]) for name, column in data.settings.items()}
        values = [None if not np.isfinite(value) else float(value) for value in data.values[i].ravel()]
        rows[id] = [settings, data.roles[i], data.blocks[i], values, data.flags[i].ravel().tolist()]
    hours = [None if not np.isfinite(hour) else float(hour) for hour in data.times_h]
    return _sha256({"space": space.digest(), "times_h": hours, "variables": list(data.variables), "rows": rows})


def model_sha256(names: Sequence[str | Contestant], *, purpose: str, picked: str, seed: int, version: str) -> str:
    """Over the contestants with their hyper-parameters, the pick, the seed and the version of the code."""
    entered = named(names) if names else list(contestants().values())
    told = [[one.name, type(one).__qualname__, asdict(one) if is_dataclass(one) else repr(one)] for one in entered]
    return _sha256({"contestants": told, "purpose": purpose, "picked": picked, "seed": seed, "version": version})


def _sha256(told: object) -> str:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(cell: object) -> float | str:
    return cell if isinstance(cell, str) else float(cell)  # type: ignore[arg-type]
