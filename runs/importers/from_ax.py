"""From Ax: the JSON file of a `Client` (`save_to_json_file`): parameters, objectives, constraints, trials with their data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from world_model.terms.errors import NextwellError

from .moved import Moved, Parts
from .source_file import as_written_by, read_json

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "Ax"
_TERM = re.compile(r"\s*([+-]?)\s*(?:([\d.]+(?:[eE][+-]?\d+)?)\s*\*\s*)?([A-Za-z_][\w.]*)\s*(?:\*\s*([\d.]+(?:[eE][+-]?\d+)?))?")
_SIDES = {"<=": "at_most", ">=": "at_least", "==": "equals", "=": "equals"}
_OPS = {"GEQ": "at_least", "LEQ": "at_most"}


@as_written_by(SOURCE)
def from_ax(given: object) -> Moved:
    """A campaign from Ax's client.

    Args:
        given: the JSON file that `Client.save_to_json_file` wrote, its text or its content.

    Raises:
        NextwellError: no experiment in it, a parameter that has no counterpart here, or nothing that is wanted.
    """
    told = read_json(given, source=SOURCE)
    experiment = told.get("experiment", told)
    if not isinstance(experiment, dict) or "search_space" not in experiment:
        raise NextwellError(f"Expected a client of {SOURCE} with an experiment and its search space, found {', '.join(list(told)[:8]) or 'nothing'}.")
    parts = Parts(source=SOURCE, name=str(experiment.get("name") or "moved from Ax"))
    if told.get("generation_strategy"):
        parts.leave("the generation strategy: models and acquisition are chosen by evidence here")
    fixed: dict[str, Any] = {}
    for parameter in experiment["search_space"]["parameters"]:
        _parameter(parts, parameter, fixed)
    for constraint in experiment["search_space"].get("parameter_constraints") or []:
        _constraint(parts, constraint)
    _wanted(parts, experiment.get("optimization_config"))
    for metric in experiment.get("tracking_metrics") or []:
        parts.measured(metric["name"])
    if experiment.get("status_quo"):
        parts.leave("the status quo: name it as a control in [[controls]]")
    return parts.done(_trials(parts, experiment, fixed))


def _parameter(parts: Parts, told: dict[str, Any], fixed: dict[str, Any]) -> None:
    kind, name, of = told["__type"], parts.named(told["name"]), (told.get("parameter_type") or {}).get("name", "")
    if told.get("is_fidelity") or told.get("is_task"):
        parts.leave(f"{name}: that it is a {'fidelity' if told.get('is_fidelity') else 'task'}; here it is a factor. For cheaper or other data see [[sources]]")
    if told.get("dependents"):
        parts.leave(f"{name}: which parameters depend on it; here every factor counts in every experiment (see only_if)")
    if kind == "RangeParameter":
        factor: dict[str, Any] = {"name": name, "kind": "integer" if of == "INT" else "continuous", "low": told["lower"], "high": told["upper"]}
        if told.get("log_scale") and of != "INT":
            factor["scale"] = "log"
        elif told.get("log_scale") or told.get("logit_scale"):
            parts.leave(f"{name}: its {'log' if told.get('log_scale') else 'logit'} scale")
        if told.get("digits") is not None and of != "INT":
            parts.leave(f"{name}: rounding to {told['digits']} digits")
        parts.factors.append(factor)
    elif kind == "ChoiceParameter" and of in ("FLOAT", "INT"):
        parts.factors.append({"name": name, "kind": "discrete", "values": sorted(map(float, told["values"]))})
        if not told.get("is_ordered"):
            parts.leave(f"{name}: that its numbers have no order; here they have")
    elif kind == "ChoiceParameter":
        levels = [str(value) for value in told["values"]]
        # two values are called ordered whatever was asked for: their order says nothing
        parts.factors.append({"name": name, "kind": "ordinal" if told.get("is_ordered") and len(levels) > 2 else "categorical", "levels": levels})
    elif kind == "FixedParameter":
        fixed[told["name"]] = told["value"]
        parts.leave(f"the fixed parameter {name} = {told['value']}: keep it in mind, or note it under [context]")
    else:
        raise NextwellError(f"{SOURCE}: expected a parameter that can be varied here, found {told['name']!r}, a {kind}. Without it the campaign would be another one.")


def _constraint(parts: Parts, told: dict[str, Any]) -> None:
    text = told.get("inequality") or told.get("equality") or ""
    if isinstance(told.get("constraint_dict"), dict):  # as older releases write it: sum of weight · parameter at most `bound`
        parts.constraints.append({"kind": "linear", "terms": {parts.named(name): float(weight) for name, weight in told["constraint_dict"].items()}, "at_most": float(told["bound"])})
        return
    side = next((side for side in ("<=", ">=", "==", "=") if side in text), None)
    left, _, right = text.partition(side) if side else ("", "", "")
    terms = _linear(left)
    if side is None or terms is None or not _is_number(right):
        parts.leave(f"a parameter constraint that can't be read: {text or told}")
        return
    parts.constraints.append({"kind": "linear", "terms": {parts.named(name): weight for name, weight in terms.items()}, _SIDES[side]: float(right)})


def _wanted(parts: Parts, config: dict[str, Any] | None) -> None:
    if config is None:
        return
    objective = config.get("objective") or {}
    expression = objective.get("expression")
    if expression is None and isinstance(objective.get("metric"), dict):
        expression = ("-" if objective.get("minimize") else "") + objective["metric"]["name"]
    goals = [part.strip() for part in str(expression or "").split(",") if part.strip()]
    for text in goals:
        terms = _linear(text)
        if terms is None or len(terms) != 1:
            parts.leave(f"the objective {text}: a goal here is one readout. Measure the combination, or join goals to a desirability")
            continue
        ((metric, weight),) = terms.items()
        parts.goals.append({"readout": parts.measured(metric), "direction": "max" if weight > 0 else "min"})
        if abs(weight) != 1:
            parts.leave(f"{metric}: its weight {abs(weight):g}")
    for bound in config.get("outcome_constraints") or []:
        of, op = (bound.get("metric") or {}).get("name"), (bound.get("op") or {}).get("name")
        if of is None or op not in _OPS or bound.get("relative"):
            why = "relative to the status quo: name a control and use relative_to" if bound.get("relative") else "it has no counterpart here"
            parts.leave(f"the outcome constraint on {of or bound.get('expression', 'a combination')}: {why}")
            continue
        parts.outcome_constraints.append({"readout": parts.measured(of), _OPS[op]: float(bound["bound"])})
    for threshold in config.get("objective_thresholds") or []:
        of = (threshold.get("metric") or {}).get("name")
        goal = next((goal for goal in parts.goals if of is not None and goal["readout"] == parts.called.get(of)), None)
        if goal is None or threshold.get("relative"):
            parts.leave(f"the objective threshold of {of}")
        else:
            goal["worst"] = float(threshold["bound"])


def _trials(parts: Parts, experiment: dict[str, Any], fixed: dict[str, Any]) -> pd.DataFrame | None:
    """Completed trials as rows; failed ones with their flag; what runs or was abandoned is told and left out."""
    import pandas as pd

    arms: dict[str, dict[str, Any]] = {}
    status: dict[str, list[str]] = {}
    failed: list[str] = []
    for index, trial in (experiment.get("trials") or {}).items():
        state = (trial.get("status") or {}).get("name", "")
        status.setdefault(state, []).append(index)
        runs = [trial["generator_run"]] if trial.get("generator_run") else [one.get("generator_run", one) for one in trial.get("generator_run_structs") or []]
        for arm in [arm for run in runs for arm in run.get("arms", [])]:
            arms[arm["name"]] = arm["parameters"]
            if state == "FAILED":
                failed.append(arm["name"])
    for state in sorted(set(status) - {"COMPLETED", "FAILED", "EARLY_STOPPED"}):
        told = "1 trial that is" if len(status[state]) == 1 else f"{len(status[state])} trials that are"
        parts.leave(f"{told} {state.lower().replace('_', ' ')} (number {', '.join(status[state][:8])})")
    names = [factor["name"] for factor in parts.factors]
    rows: list[dict[str, Any]] = []
    curves = 0
    for frame in _data_frames(experiment):
        curves += int(frame["step"].notna().sum()) if "step" in frame else 0
        for reading in frame.to_dict("records"):
            settings = arms.get(reading["arm_name"])
            if settings is None:
                continue
            row = {"experiment_id": f"trial {reading['trial_index']} {reading['arm_name']}", **{parts.named(k): v for k, v in settings.items() if k not in fixed}}
            rows.append({**row, "measurement": parts.measured(reading["metric_name"]), "value": reading["mean"], "sd": reading["sem"]})
    if curves:
        parts.leave(f"{curves} readings along a progression: give measurements times (at_h) and import them with time_h")
        return None
    for name in failed:
        settings = {parts.named(k): v for k, v in arms[name].items() if k not in fixed}
        rows += [{"experiment_id": f"failed {name}", **settings, "measurement": one["name"], "value": None, "sd": None, "flag": "failed"} for one in parts.measurements]
    if not rows:
        return None
    table = pd.DataFrame(rows)
    known = table["sd"].notna() & (table["sd"] > 0)
    table["sd"] = table["sd"].where(known)
    columns = ["experiment_id", *names, "measurement", "value", *(["sd"] if known.any() else []), *(["flag"] if failed else [])]
    return table[columns]


def _data_frames(experiment: dict[str, Any]) -> list[pd.DataFrame]:
    """The last data of each trial; a later fetch replaces an earlier one."""
    import pandas as pd

    found = []
    for by_time in (experiment.get("data_by_trial") or {}).values():
        entries = by_time.get("value", []) if isinstance(by_time, dict) else []
        for _, data in entries[-1:]:
            text = (data.get("df") or {}).get("value")
            if text:
                found.append(pd.DataFrame({column: pd.Series(cells) for column, cells in json.loads(text).items()}))
    return found


def _linear(text: str) -> dict[str, float] | None:
    """`1.0*a - b` as weights by name; None for anything else."""
    told: dict[str, float] = {}
    rest = text.strip()
    while rest:
        match = _TERM.match(rest)
        if match is None or not match[0].strip():
            return None
        if told and not match[1]:
            return None
        weight = float(match[2] or match[4] or 1.0) * (-1.0 if match[1] == "-" else 1.0)
        told[match[3]] = told.get(match[3], 0.0) + weight
        rest = rest[match.end() :].strip()
    return told or None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
