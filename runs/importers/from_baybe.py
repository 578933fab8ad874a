"""From BayBE: the JSON of a `Campaign` (`to_json`), or the campaign itself.

BayBE writes its tables into the JSON as Python pickles, which are programs and are not run here. A campaign object brings its
measurements and descriptors along; beside a JSON file they are given as tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from world_model.terms.errors import NextwellError

from .from_bofire import read_in_part
from .moved import Moved, Parts, column_order
from .source_file import as_written_by, read_json

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "BayBE"
_LINEAR = {"<=": "at_most", ">=": "at_least", "=": "equals", "==": "equals"}
_RANGE = {">": "above", ">=": "at_least", "<": "below", "<=": "at_most"}
_OWN_COLUMNS = ("BatchNr", "FitNr")


@as_written_by(SOURCE)
def from_baybe(given: object, *, measurements: pd.DataFrame | None = None, descriptors: Mapping[str, pd.DataFrame] | None = None) -> Moved:
    """A campaign from BayBE's.

    Args:
        given: the campaign itself, or its JSON (a path, text or mapping).
        measurements: `campaign.measurements`; taken from the campaign where that is given.
        descriptors: custom parameter → its `data`, levels in the index; taken from the campaign where that is given.

    Raises:
        NextwellError: no campaign in it, a parameter that has no counterpart here, or custom descriptors that were not given.
    """
    told = read_json(given, source=SOURCE, methods=("to_json",))
    if "searchspace" not in told or "objective" not in told:
        raise NextwellError(f"Expected a campaign of {SOURCE} with a search space and an objective, found {', '.join(list(told)[:8]) or 'nothing'}.")
    tables = dict(descriptors or {})
    live = getattr(given, "searchspace", None)
    for parameter in getattr(live, "parameters", ()):
        if getattr(parameter, "data", None) is not None and hasattr(parameter.data, "columns"):
            tables.setdefault(parameter.name, parameter.data)
    if measurements is None:
        measurements = getattr(given, "measurements", None)
    parts = Parts(source=SOURCE, name="moved from BayBE")
    parts.leave("the recommender: models and acquisition are chosen by evidence here") if told.get("recommender") else None
    space = told["searchspace"]
    discrete, continuous = space.get("discrete") or {}, space.get("continuous") or {}
    for parameter in discrete.get("parameters", []):
        _discrete(parts, parameter, tables)
    for parameter in continuous.get("parameters", []):
        bounds = parameter["bounds"]
        parts.factors.append({"name": parts.named(parameter["name"]), "kind": "continuous", "low": float(bounds["lower"]), "high": float(bounds["upper"]), **_unit(parts, parameter)})
    for constraint in discrete.get("constraints", []):
        _discrete_constraint(parts, constraint)
    for constraint in [*continuous.get("constraints_lin_eq", []), *continuous.get("constraints_lin_ineq", []), *continuous.get("constraints_nonlin", [])]:
        _continuous_constraint(parts, constraint)
    _objective(parts, told["objective"] or {})
    if discrete.get("parameters") and not discrete.get("constraints"):
        parts.leave("which rows of the discrete space BayBE kept, if it was made from a table (from_dataframe): here every combination counts. For a table use SearchSpace.from_table")
    return parts.done(_measured(parts, measurements, there=bool(told.get("measurements_exp") or told.get("_measurements_exp"))))


def _unit(parts: Parts, parameter: Mapping[str, Any]) -> dict[str, str]:
    from world_model.terms.errors import UnitError
    from world_model.terms.units import check_unit

    unit = (parameter.get("metadata") or {}).get("unit")
    if not unit:
        return {}
    try:
        return {"unit": check_unit(unit)}
    except (UnitError, ValueError):
        parts.leave(f"{parameter['name']}: the unit {unit}")
        return {}


def _discrete(parts: Parts, parameter: dict[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
    kind, name = parameter["type"], parts.named(parameter["name"])
    active = parameter.get("active_values")
    factor: dict[str, Any]
    match kind:
        case "NumericalDiscreteParameter":
            factor = {"name": name, "kind": "discrete", "values": sorted(map(float, parameter["values"])), **_unit(parts, parameter)}
            parts.leave(f"{name}: the tolerance {parameter['tolerance']:g} of measured values") if parameter.get("tolerance") else None
        case "CategoricalParameter":
            # integer encoding says that the levels have an order
            ordered = parameter.get("encoding") == "INT" and len(parameter["values"]) > 1
            factor = {"name": name, "kind": "ordinal" if ordered else "categorical", "levels": list(map(str, parameter["values"]))}
        case "SubstanceParameter":
            factor = {"name": name, "kind": "categorical", "levels": list(parameter["data"]), "smiles": dict(parameter["data"])}
            parts.leave(f"{name}: the encoding {parameter.get('encoding')}: molecules are shown by fingerprints here")
        case "CustomDiscreteParameter":
            table = tables.get(parameter["name"])
            if table is None:
                raise NextwellError(
                    f"{SOURCE}: expected the descriptors of {parameter['name']!r}, found them pickled in the JSON, which is not run. Write them in BayBE with "
                    f"campaign.searchspace.get_parameters_by_name([{parameter['name']!r}])[0].data.to_csv(\"{parameter['name']}.csv\") and give that table."
                )
            levels = list(map(str, table.index))
            factor = {"name": name, "kind": "categorical", "levels": levels}
            factor["descriptors"] = {"names": list(map(str, table.columns)), "values": {level: list(map(float, row)) for level, row in zip(levels, table.to_numpy(), strict=True)}}
        case "TaskParameter":
            factor = {"name": name, "kind": "categorical", "levels": list(map(str, active or parameter["values"]))}
            parts.leave(f"{name}: that it is a task{f' with the values {parameter_values(parameter)}' if active else ''}; here it is a factor. For data of other tasks see [[sources]]")
        case _:
            raise NextwellError(f"{SOURCE}: expected a parameter that can be varied here, found {parameter['name']!r}, a {kind}. Without it the campaign would be another one.")
    if active and kind != "TaskParameter":
        key = "values" if factor["kind"] == "discrete" else "levels"
        parts.leave(f"{name}: that only {', '.join(map(str, active))} of its values are active; narrow it with an exclude constraint")
        assert key in factor
    parts.factors.append(factor)


def parameter_values(parameter: Mapping[str, Any]) -> str:
    """The values of a parameter as text."""
    return ", ".join(map(str, parameter["values"]))


def _discrete_constraint(parts: Parts, told: dict[str, Any]) -> None:
    kind, names = told["type"], [parts.named(name) for name in told.get("parameters", [])]
    condition = told.get("condition") or {}
    if kind == "DiscreteExcludeConstraint" and told.get("combiner", "AND") == "AND":
        when = [_condition(parts, one, name) for one, name in zip(told["conditions"], names, strict=True)]
        if all(one is not None for one in when):
            parts.constraints.append({"kind": "exclude", "when": dict(zip(names, when, strict=True))})
            return
    elif kind in ("DiscreteSumConstraint", "DiscreteProductConstraint") and condition.get("operator") in _LINEAR:
        bound = {_LINEAR[condition["operator"]]: float(condition["threshold"])}
        weights = told.get("coefficients") or [1.0] * len(names)
        if kind == "DiscreteSumConstraint":
            parts.constraints.append({"kind": "linear", "terms": dict(zip(names, map(float, weights), strict=True)), **bound})
            return
        if float(condition["threshold"]) > 0:
            parts.constraints.append({"kind": "product", "powers": dict.fromkeys(names, 1.0), **bound})
            return
    elif kind == "DiscreteCardinalityConstraint":
        parts.constraints.append(_count(names, told))
        return
    parts.leave(f"a constraint that has no counterpart here: {kind} on {', '.join(names)}")


def _condition(parts: Parts, told: dict[str, Any], name: str) -> Any:
    """A condition as a campaign file says it; None where it can't."""
    if told["type"] == "SubSelectionCondition":
        numeric = any(factor["name"] == name and factor["kind"] == "discrete" for factor in parts.factors)
        return [float(value) if numeric else str(value) for value in told["selection"]]
    if told["type"] == "ThresholdCondition" and told["operator"] in _RANGE:
        return {_RANGE[told["operator"]]: float(told["threshold"])}
    if told["type"] == "ThresholdCondition" and told["operator"] in ("=", "=="):
        return [float(told["threshold"])]
    return None


def _count(names: list[str], told: Mapping[str, Any]) -> dict[str, Any]:
    counts = {"at_least": told.get("min_cardinality"), "at_most": told.get("max_cardinality")}
    return {"kind": "cardinality", "of": names, **{key: int(value) for key, value in counts.items() if value}}


def _continuous_constraint(parts: Parts, told: dict[str, Any]) -> None:
    names = [parts.named(name) for name in told.get("parameters", [])]
    if told.get("interpoint"):
        parts.leave(f"a constraint between the points of a batch, on {', '.join(names)}; see [batch] shared")
    elif "operator" in told and told["operator"] in _LINEAR:
        parts.constraints.append({"kind": "linear", "terms": dict(zip(names, map(float, told["coefficients"]), strict=True)), _LINEAR[told["operator"]]: float(told["rhs"])})
    elif "min_cardinality" in told:
        parts.constraints.append(_count(names, told))
        parts.leave(f"the relative threshold {told['relative_threshold']:g} below which {', '.join(names)} count as absent") if told.get("relative_threshold") else None
    else:
        parts.leave(f"a constraint that has no counterpart here: {told.get('type', 'of an unknown kind')} on {', '.join(names)}")


def _objective(parts: Parts, told: dict[str, Any]) -> None:
    kind = told.get("type", "")
    targets = [told["target"]] if "target" in told else told.get("targets", [])
    ramps = []
    for target in targets:
        ramps.append(_target(parts, target))
    if kind == "DesirabilityObjective":
        scalarizer = told.get("scalarizer", "GEOM_MEAN")
        if all(ramps) and parts.goals:
            parts.join = "desirability" if scalarizer == "GEOM_MEAN" else "mean desirability"
            for goal, ramp, weight in zip(parts.goals, ramps, told.get("weights") or [1.0] * len(ramps), strict=True):
                goal |= {**(ramp or {}), "weight": float(weight)}
        else:
            parts.leave("the desirability: its targets are not all ramps, so that the goals are a Pareto front here; give low and high of each, and join = 'desirability'")


def _target(parts: Parts, target: dict[str, Any]) -> dict[str, float] | None:
    """Add the goal of a target; returns the ends of its ramp where it has one."""
    name, transformation = parts.measured(target["name"]), target.get("transformation") or {}
    made, by = target.get("constructor_info") or {}, transformation.get("type", "IdentityTransformation")
    if target.get("type") == "BinaryTarget":
        parts.leave(f"{name}: that it is yes or no; here it is a number, 1 for {target.get('success_value', True)}")
    matching = str(made.get("constructor", "")).startswith("match_") and made.get("match_value") is not None
    if matching:
        parts.goals.append({"readout": name, "direction": "match", "target": float(made["match_value"])})
        parts.leave(f"{name}: the shape of its distance to {made['match_value']:g} ({made['constructor'].removeprefix('match_')}); here nearer is better")
        return None
    parts.goals.append({"readout": name, "direction": "min" if target.get("minimize") else "max"})
    if by == "IdentityTransformation":
        return None
    cutoffs = made.get("cutoffs")
    if made.get("constructor") == "normalized_ramp" and isinstance(cutoffs, list | tuple | dict):
        low, high = (cutoffs["lower"], cutoffs["upper"]) if isinstance(cutoffs, dict) else cutoffs
        if made.get("descending"):
            parts.goals[-1]["direction"] = "min"
        return {"low": float(low), "high": float(high)}
    parts.leave(f"{name}: its transformation ({by}); the goal is the plain value")
    return None


def _measured(parts: Parts, measurements: pd.DataFrame | None, *, there: bool) -> pd.DataFrame | None:
    if measurements is None:
        if there:
            parts.leave("the measurements: they are pickled in the JSON, which is not run. Write campaign.measurements to a CSV in BayBE and give that table")
        return None
    if not len(measurements):
        return None
    frame = measurements.rename(columns=parts.called)
    measured = [one["name"] for one in parts.measurements if one["name"] in frame.columns]
    told = column_order(frame, [*(factor["name"] for factor in parts.factors), *measured])
    for column in frame.columns:
        if column not in told.columns and column not in _OWN_COLUMNS:
            parts.leave(f"the column {column} of the measurements")
    return read_in_part(parts, told, measured)
