"""Runs that were made elsewhere: JSON lines with `problem, planner, batch, seed, trace`, where bigger is better in `trace`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from world_model.terms.errors import NextwellError

from .planner_problem import Problem
from .planner_run import FEWEST_INITIAL, Line


@dataclass(frozen=True, kw_only=True)
class Traces:
    """`lines` that stand beside one's own; `notes` says what was left out, and why."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def read_traces(
    folder: Path, *, problems: Mapping[str, Problem], batches: Mapping[str, Collection[int]], budgets: Mapping[str, int], own: Collection[str], seeds: Collection[int]
) -> Traces:
    """The runs of a folder's `*.jsonl` that are of these problems, batches and seeds.

    Args:
        budgets: problem → experiments; longer traces are cut there.
        own: planners that are measured here; theirs are left out.

    Raises:
        NextwellError: no file there, or a trace that its table can't have given.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise NextwellError(f"Expected runs as JSON lines in {folder}, found no *.jsonl.")
    kept: list[Line] = []
    left: dict[str, int] = {}
    for file in files:
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                line = json.loads(text)
            except json.JSONDecodeError as fault:
                raise NextwellError(f"{file.name}:{number}: expected a run as JSON, found {fault}.") from fault
            why = _why_left_out(line, problems=problems, batches=batches, own=own, seeds=seeds)
            if why:
                left[why] = left.get(why, 0) + 1
            if why is not None:
                continue
            problem = problems[line["problem"]]
            if max(line["trace"]) > problem.y.max() + 1e-4 * max(1.0, abs(float(problem.y.max()))):
                raise NextwellError(f"{file.name}:{number}: expected a trace of the table of {problem.name!r} (best {problem.y.max():g}), found {max(line['trace']):g}. It is of another table.")
            trace = line["trace"][: budgets[line["problem"]]]
            told = {"n_init": max(FEWEST_INITIAL, line["batch"]), **line, "trace": trace}
            if len(trace) < len(line["trace"]):
                # what was counted over the whole run says nothing of its beginning
                told = {key: value for key, value in told.items() if key not in ("hits", "top_recall")}
                if problem.hits is not None and isinstance(line.get("rows"), list) and np.max(line["rows"]) < len(problem):
                    told["hits"] = int(problem.hits[line["rows"][: len(trace)]].sum())
            kept.append(told)
    present = {(line["problem"], line["batch"]) for line in kept}
    missing = [f"{name} batch {batch}" for name in problems for batch in sorted(batches[name]) if (name, batch) not in present]
    notes = [f"{count} runs in {folder.name} are left out: {why}" for why, count in left.items()]
    if missing:
        notes.append(f"no runs in {folder.name} for {', '.join(missing)}")
    return Traces(lines=tuple(kept), notes=tuple(notes))


def _why_left_out(line: Line, *, problems: Mapping[str, Problem], batches: Mapping[str, Collection[int]], own: Collection[str], seeds: Collection[int]) -> str | None:
    """The reason; empty for what is of another run and needs no word; None for what is kept."""
    if not {"problem", "planner", "batch", "seed"} <= set(line):
        return "a line without problem, planner, batch and seed"
    if line["problem"] not in problems or line["batch"] not in batches[line["problem"]] or line["seed"] not in seeds:
        return ""
    if line.get("error") or not line.get("trace"):
        return f"{line['planner']} ended in an error there"
    if line["planner"] in own:
        return f"{line['planner']} is measured here"
    return None
