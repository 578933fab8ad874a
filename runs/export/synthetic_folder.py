"""A synthetic data set as files: two tables, their schema, provenance, a card and an RO-Crate."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from world_model.terms.factors import Categorical
from world_model.terms.goals import Measurement
from world_model.terms.synthetic_marks import COLUMN

from ..journal.canonical import sha256_of
from .ro_crate import ro_crate
from .synthetic_card import synthetic_card

if TYPE_CHECKING:
    from world_model.fit import WorldModel
    from world_model.synthetic import Synthetic
    from world_model.synthetic_guard import SyntheticGuard


@dataclass(frozen=True, kw_only=True)
class Made:
    """A synthetic data set with all that is known of how it was made.

    Attributes:
        n_real: measured experiments that the model learned from.
        data_sha256, model_sha256: of these, and of the model with its hyper-parameters, seed and version.
        guard: whether learning from such rows would help; None where there was too little to judge by.
    """

    campaign: str
    system: str
    zero: str
    world: WorldModel
    drawn: Synthetic
    measurements: tuple[Measurement, ...]
    seed: int
    seed_of_fit: int
    hypotheses: int
    version: str
    licence: str
    guard: SyntheticGuard | None
    data_sha256: str
    model_sha256: str
    n_real: int

    @property
    def mark(self) -> str:
        """What stands in the column that marks a synthetic row."""
        return f"nextwell-model:{self.model_sha256[:12]}"


def synthetic_files(made: Made, *, format: Literal["csv", "parquet"], today: date | None = None) -> dict[str, bytes]:
    """File name → content, the card first.

    Args:
        today: UTC; else now.
    """
    day = today or datetime.now(UTC).date()
    tables = {f"experiments.{format}": _experiments(made), f"readings.{format}": _readings(made)}
    files: dict[str, bytes] = {name: _table(frame, format) for name, frame in tables.items()}
    files["schema.json"] = _json(_schema(made, format=format))
    files["provenance.json"] = _json(provenance(made, {name: sha256_of(content) for name, content in files.items()}))
    card = synthetic_card(made, files=tuple(files), day=day)
    files = {"README.md": card.encode(), **files}
    return {**files, "ro-crate-metadata.json": _json(ro_crate(made, files, day=day))}


def provenance(made: Made, sha256: dict[str, str]) -> dict[str, Any]:
    """What it was made from and how; with it the same rows can be made again."""
    verdict, guard = made.world.verdict, made.guard
    return {
        "kind": "synthetic: simulator result", "campaign": made.campaign, "nextwell_version": made.version, "model_sha256": made.model_sha256,
        "data_sha256": made.data_sha256, "measured_experiments": made.n_real, "model": {"picked": verdict.picked, "level": verdict.level, "why": verdict.why},
        "seed": made.seed, "seed_of_fit": made.seed_of_fit, "experiments": len(made.drawn), "hypotheses_a_block": made.hypotheses,
        "noise": "the reader's, as the model learned it" if made.drawn.of == "reading" else "none: states, not readings",
        "out_of_range": int((made.drawn.far > 1).sum()),
        "guard": None if guard is None else {"answer": guard.answer, "why": guard.why, "difference": guard.difference, "standard_error": guard.standard_error},
        "files": sha256,
    }  # fmt: skip


def _experiments(made: Made) -> pd.DataFrame:
    rows = made.world.encoder.settings(made.drawn.design)
    return pd.DataFrame(
        {
            COLUMN: made.mark, "experiment_id": made.drawn.ids, "hypothesis": made.drawn.hypothesis, "out_of_range": made.drawn.far.numpy(),
            **{name: [row[name] for row in rows] for name in made.world.space.names},
        }
    )  # fmt: skip


def _readings(made: Made) -> pd.DataFrame:
    values, times_h = made.drawn.values.numpy(), made.world.times_h.numpy()
    n, t, y = np.indices(values.shape)
    unit = {measurement.name: measurement.unit for measurement in made.measurements}
    names = np.array(made.world.variables, dtype=object)[y.ravel()]
    return pd.DataFrame(
        {
            COLUMN: made.mark, "experiment_id": np.array(made.drawn.ids, dtype=object)[n.ravel()], "time_h": times_h[t.ravel()], "measurement": names,
            "value": values.ravel(), "unit": [unit.get(name, "") for name in names],
        }
    )  # fmt: skip


def _table(frame: pd.DataFrame, format: str) -> bytes:
    if format == "csv":
        text: str = frame.to_csv(index=False, lineterminator="\n")
        return text.encode()
    into = io.BytesIO()
    frame.to_parquet(into, index=False)
    return into.getvalue()


def _schema(made: Made, *, format: str) -> dict[str, Any]:
    """JSON Schema of one row of each table; units in the descriptions."""
    text, number = {"type": "string"}, {"type": "number"}
    mark = {**text, "const": made.mark, "description": "the model that made the row: no measurement"}
    id = {**text, "pattern": "^synthetic-[0-9]{6,}$"}
    factors: dict[str, Any] = {}
    for factor in made.world.space.factors:
        if isinstance(factor, Categorical):
            factors[factor.name] = {**text, "enum": list(factor.levels), "description": f"{factor.action}; a level"}
        else:
            low, high = factor.bounds
            factors[factor.name] = {**number, "minimum": low, "maximum": high, "description": f"{factor.action}; unit: {factor.unit or 'none'}"}
    experiments = {
        COLUMN: mark, "experiment_id": id, "hypothesis": {"type": "integer", "minimum": 0, "description": "rows of one number are of one hypothesis of the world"},
        "out_of_range": {**number, "minimum": 0, "description": "distance from what was learned; beyond 1 nothing is promised"}, **factors,
    }  # fmt: skip
    units = "; ".join(f"{measurement.name} in {measurement.unit or 'no unit'}" for measurement in made.measurements)
    readings = {
        COLUMN: mark, "experiment_id": id, "time_h": {"type": ["number", "null"], "description": f"hours after {made.zero}; empty for an end point"},
        "measurement": {**text, "enum": list(made.world.variables)}, "value": {**number, "description": units}, "unit": text,
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Synthetic data of {made.campaign}",
        "$defs": {
            f"{name}.{format}": {"type": "object", "description": "one row", "properties": columns, "required": list(columns), "additionalProperties": False}
            for name, columns in (("experiments", experiments), ("readings", readings))
        },
    }  # fmt: skip


def _json(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
