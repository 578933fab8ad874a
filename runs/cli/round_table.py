"""A round on the terminal, and in a command's JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .voice import Voice

if TYPE_CHECKING:
    from ..state.campaign_state import RoundState
    from ..state.charter import Charter
    from ..verbs.proposal_table import Cell

MOST_ROWS = 40


def show_round(voice: Voice, shown: RoundState, charter: Charter) -> None:
    """Every experiment of a round: all of them in the object, the first ones on the terminal."""
    from ..verbs.proposal_table import proposal_rows

    rows = proposal_rows(shown, charter)
    voice.told |= {"campaign": charter.name, "round": shown.number, "experiments": rows, "strategy": shown.proposal.strategy}
    candidates = [row for row in rows if row["role"] == "candidate"]
    roles = {role: sum(row["role"] == role for row in rows) for role in ("candidate", "replicate", "control", "blank")}
    told = ", ".join(f"{n} {role}{'s' if n > 1 else ''}" for role, n in roles.items() if n)
    voice.table([_for_people(row, charter) for row in candidates[:MOST_ROWS]], title=f"Round {shown.number}: {told} ({shown.proposal.strategy})")
    if len(candidates) > MOST_ROWS:
        voice.say(f"… and {len(candidates) - MOST_ROWS} more candidates.")
    reasons: dict[str, list[str]] = {}
    for row in candidates:
        reasons.setdefault(str(row["reason"] or ""), []).append(str(row["experiment_id"]))
    for reason, ids in list(reasons.items())[:MOST_ROWS]:
        if reason:
            voice.say(f"{ids[0] if len(ids) == 1 else f'{ids[0]} … {ids[-1]} ({len(ids)})'}: {reason}", style="dim")


def _for_people(row: dict[str, Cell], charter: Charter) -> dict[str, Cell]:
    """Few columns: `experiment_id`, `candidate`, the factors, and predictions as `mean ± sd`."""
    from ..verbs.proposal_table import prediction_columns

    shown = {name: row[name] for name in ("experiment_id", "candidate", *charter.factor_names) if name in row}
    means = prediction_columns(charter)[::2]
    for goal, mean, sd in zip(charter.goals, means, prediction_columns(charter)[1::2], strict=True):
        if row[mean] is not None:
            shown[f"expected {goal.readout}"] = f"{row[mean]:.4g} ± {row[sd]:.2g}"
    return shown
