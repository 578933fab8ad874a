"""A round as rows: for the proposal file, the terminal and the notebook."""

from __future__ import annotations

import csv
import io

from world_model.terms.presence import absent_names

from ..state.campaign_state import RoundState
from ..state.charter import Charter

Cell = str | float | int | None
ABSENT = "-"  # a factor that does not exist under the others' values


def prediction_columns(charter: Charter) -> list[str]:
    """`predicted_mean`, `predicted_sd`, and with several goals one pair for each, ending in the readout's name."""
    if len(charter.goals) == 1:
        return ["predicted_mean", "predicted_sd"]
    return [f"{column}_{i + 1}_{goal.readout}" for i, goal in enumerate(charter.goals) for column in ("predicted_mean", "predicted_sd")]


def proposal_columns(charter: Charter) -> list[str]:
    """The columns of `proposal_rows`. `candidate` is there where the space is a table."""
    label = ["candidate"] if charter.n_candidates is not None else []
    return ["experiment_id", "role", *label, *charter.factor_names, *prediction_columns(charter), "repeat_of", "reason"]


def proposal_rows(proposed: RoundState, charter: Charter) -> list[dict[str, Cell]]:
    """One row an experiment; None where a cell has nothing to say (a blank's factors, predictions before there is a model)."""
    rows: list[dict[str, Cell]] = []
    for experiment in proposed.experiments:
        row: dict[str, Cell] = {"experiment_id": experiment.id, "role": experiment.role, "repeat_of": experiment.repeat_of, "reason": experiment.reason}
        row["candidate"] = experiment.candidate
        absent = absent_names(charter.factors, experiment.settings) if experiment.settings else frozenset()
        row |= {name: ABSENT if name in absent else experiment.settings.get(name) for name in charter.factor_names}
        told: list[Cell] = [number for prediction in experiment.predictions for number in (prediction.mean, prediction.sd)]
        columns = prediction_columns(charter)
        row |= dict(zip(columns, told or [None] * len(columns), strict=True))
        rows.append({column: row[column] for column in proposal_columns(charter)})
    return rows


def proposal_csv(proposed: RoundState, charter: Charter) -> str:
    """The round as CSV text."""
    told = io.StringIO()
    writer = csv.DictWriter(told, fieldnames=proposal_columns(charter), lineterminator="\n")
    writer.writeheader()
    writer.writerows(proposal_rows(proposed, charter))
    return told.getvalue()
