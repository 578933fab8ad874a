"""From BoFire: the JSON of a `Domain` or of a strategy (`model_dump_json`), with the experiments as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from world_model.terms.errors import NextwellError

from .moved import Moved, Parts, column_order
from .source_file import as_written_by, read_json

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "BoFire"


@as_written_by(SOURCE)
def from_bofire(given: object, *, experiments: pd.DataFrame | None = None) -> Moved:
    """A campaign from BoFire's domain or strategy.

    Args:
        given: the JSON (a path, text or mapping), or the data model itself.
        experiments: `strategy.experiments`, which the JSON does not hold; BoFire's own columns `valid_…` are understood.

    Raises:
        NextwellError: no domain in it, or nothing that can be carried over.
    """
    told = read_json(given, source=SOURCE, methods=("model_dump_json",))
    domain = told.get("domain", told)
    if not isinstance(domain, dict) or "inputs" not in domain or "outputs" not in domain:
        raise NextwellError(f"Expected a domain of {SOURCE} with inputs and outputs, found {', '.join(list(told)[:8]) or 'nothing'}.")
    parts = Parts(source=SOURCE, name="moved from BoFire")
    if "domain" in told:
        parts.leave(f"the strategy {told.get('type', '')} and its settings: models and acquisition are chosen by evidence here")
    for feature in domain["inputs"]["features"]:
        _input(parts, feature)
    for feature in domain["outputs"]["features"]:
        _output(parts, feature)
    for constraint in (domain.get("constraints") or {}).get("constraints", []):
        _constraint(parts, constraint)
    if domain["outputs"].get("preprocessing") or domain["inputs"].get("preprocessing"):
        parts.leave("preprocessing of features")
    return parts.done(_experiments(parts, experiments))


def _input(parts: Parts, feature: dict[str, Any]) -> None:
    name, kind = parts.named(feature["key"]), feature["type"]
    unit = {"unit": feature["unit"]} if feature.get("unit") else {}
    if kind == "ContinuousInput":
        low, high = map(float, feature["bounds"])
        if feature.get("allow_zero") and low > 0:
            parts.leave(f"{name}: that it may be 0 below its lower bound")
        if low == high:
            parts.factors.append({"name": name, "kind": "discrete", "values": [low], **unit})
        elif feature.get("stepsize"):
            parts.factors.append({"name": name, "kind": "discrete", "low": low, "high": high, "step": float(feature["stepsize"]), **unit})
        else:
            parts.factors.append({"name": name, "kind": "continuous", "low": low, "high": high, **unit})
    elif kind == "DiscreteInput":
        parts.factors.append({"name": name, "kind": "discrete", "values": sorted(map(float, feature["values"])), **unit})
    elif kind in ("CategoricalInput", "CategoricalDescriptorInput", "CategoricalMolecularInput", "CategoricalTaskInput", "TaskInput"):
        allowed = feature.get("allowed") or [True] * len(feature["categories"])
        levels = [level for level, may in zip(feature["categories"], allowed, strict=True) if may]
        if len(levels) < len(feature["categories"]):
            parts.leave(f"{name}: categories that are not allowed ({', '.join(level for level in feature['categories'] if level not in levels)})")
        if "Task" in kind:
            parts.leave(f"{name}: that it is a task; here it is a factor. For data of other conditions see [[sources]]")
        factor: dict[str, Any] = {"name": name, "kind": "categorical", "levels": levels}
        if kind == "CategoricalMolecularInput":
            factor["smiles"] = {level: level for level in levels}
        if kind == "CategoricalDescriptorInput":
            rows = dict(zip(feature["categories"], feature["values"], strict=True))
            factor["descriptors"] = {"names": list(feature["descriptors"]), "values": {level: list(map(float, rows[level])) for level in levels}}
        parts.factors.append(factor)
    else:
        raise NextwellError(f"{SOURCE}: expected an input that can be varied here, found {feature['key']!r}, a {kind}. Without it the campaign would be another one.")


def _output(parts: Parts, feature: dict[str, Any]) -> None:
    objective = feature.get("objective")
    if feature["type"] != "ContinuousOutput":
        parts.leave(f"the output {feature['key']}, a {feature['type']}")
        return
    name = parts.measured(feature["key"], unit="")
    if feature.get("unit"):
        parts.leave(f"{name}: the unit {feature['unit']}")
    if objective is None:
        return
    kind = objective["type"]
    if kind in ("MaximizeObjective", "MinimizeObjective"):
        parts.goals.append({"readout": name, "direction": "max" if kind.startswith("Max") else "min"})
    elif kind == "CloseToTargetObjective":
        parts.goals.append({"readout": name, "direction": "match", "target": float(objective["target_value"])})
        parts.leave(f"{name}: the exponent {objective.get('exponent'):g} of its distance to the target") if objective.get("exponent", 1) != 1 else None
    elif kind == "TargetObjective":
        half = float(objective["tolerance"])
        parts.outcome_constraints.append({"readout": name, "at_least": float(objective["target_value"]) - half, "at_most": float(objective["target_value"]) + half})
        parts.leave(f"{name}: the softness of its target's edges (steepness {objective['steepness']:g})")
    elif kind in ("MaximizeSigmoidObjective", "MinimizeSigmoidObjective"):
        side = "at_least" if kind.startswith("Max") else "at_most"
        parts.outcome_constraints.append({"readout": name, side: float(objective["tp"])})
        parts.leave(f"{name}: the softness of its bound (steepness {objective['steepness']:g})")
    else:
        parts.leave(f"{name}: its objective, a {kind}")
        return
    if objective.get("w", 1.0) != 1.0:
        parts.leave(f"{name}: its weight {objective['w']:g}: a Pareto front weighs nothing, see join = 'desirability'")


def _constraint(parts: Parts, told: dict[str, Any]) -> None:
    kind, names = told["type"], [parts.named(name) for name in told.get("features", [])]
    if kind in ("LinearEqualityConstraint", "LinearInequalityConstraint"):
        side = "equals" if kind == "LinearEqualityConstraint" else "at_most"
        parts.constraints.append({"kind": "linear", "terms": dict(zip(names, map(float, told["coefficients"]), strict=True)), side: float(told["rhs"])})
    elif kind in ("ProductInequalityConstraint", "ProductEqualityConstraint") and told.get("sign", 1) == 1 and float(told["rhs"]) > 0:
        side = "equals" if "Equality" in kind else "at_most"
        parts.constraints.append({"kind": "product", "powers": dict(zip(names, map(float, told["exponents"]), strict=True)), side: float(told["rhs"])})
    elif kind == "NChooseKConstraint":
        if told.get("none_also_valid"):
            parts.leave(f"that none of {', '.join(names)} is valid too, beside {told['min_count']} to {told['max_count']} of them")
        counts = {key: int(told[theirs]) for key, theirs in (("at_least", "min_count"), ("at_most", "max_count")) if told[theirs] and not (key == "at_least" and told.get("none_also_valid"))}
        parts.constraints.append({"kind": "cardinality", "of": names, **counts})
    else:
        parts.leave(f"a constraint that has no counterpart here: {kind} on {', '.join(names) or 'no named features'}")


def _experiments(parts: Parts, experiments: pd.DataFrame | None) -> pd.DataFrame | None:
    if experiments is None:
        parts.leave("the experiments: BoFire keeps them outside its JSON. Give strategy.experiments as a table")
        return None
    import numpy as np

    frame = experiments.rename(columns=parts.called)
    valid = {parts.called[column.removeprefix("valid_")]: frame[column] for column in frame.columns if str(column).startswith("valid_") and column.removeprefix("valid_") in parts.called}
    measured = [one["name"] for one in parts.measurements if one["name"] in frame.columns]
    for name in measured:
        good = valid.get(name)
        if good is not None:
            frame[name] = frame[name].where(good.astype(float) > 0, np.nan)
    told = column_order(frame, [*(factor["name"] for factor in parts.factors), *measured])
    for column in frame.columns:
        if column not in told.columns and not str(column).startswith("valid_"):
            parts.leave(f"the column {column} of the experiments")
    return read_in_part(parts, told, measured)


def read_in_part(parts: Parts, frame: pd.DataFrame, measured: list[str]) -> pd.DataFrame:
    """Long where some readings of a row are missing, for a wide table has no empty cells; rows without any reading are left out."""
    gaps = frame[measured].isna()
    if not gaps.to_numpy().any():
        return frame.reset_index(drop=True)
    empty = gaps.all(axis=1)
    if empty.any():
        parts.leave(f"{int(empty.sum())} rows without a reading")
    factors = [column for column in frame.columns if column not in measured]
    kept = frame[~empty].reset_index(drop=True)
    kept.insert(0, "experiment_id", [f"M{i + 1:03d}" for i in range(len(kept))])
    return kept.melt(id_vars=["experiment_id", *factors], value_vars=measured, var_name="measurement", value_name="value").dropna(subset=["value"]).reset_index(drop=True)
