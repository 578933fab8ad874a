"""Around the candidates: replicates, controls and blanks, with their ids."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.proposal import ProposedExperiment


def with_roles(
    candidates: Sequence[ProposedExperiment], *, batch: Batch, controls: Sequence[Control], round: int
) -> tuple[ProposedExperiment, ...]:
    """The whole batch: each candidate followed by its repeats, then controls, then blanks.

    `batch.replicates` counts the wells of a candidate, so 2 makes one repeat beside it. A candidate may itself repeat another, or an
    experiment of an earlier round.
    """
    whole: list[ProposedExperiment] = []
    now: dict[str | None, str] = {}  # of a candidate's id before the batch was whole
    for candidate in candidates:
        now[candidate.id] = _id(round, len(whole) + 1)
        first = candidate.model_copy(update={"id": now[candidate.id], "repeat_of": now.get(candidate.repeat_of, candidate.repeat_of)})
        whole.append(first)
        for k in range(batch.wells_each - 1):
            whole.append(
                first.model_copy(
                    update={
                        "id": _id(round, len(whole) + 1), "role": "replicate", "repeat_of": first.id,
                        "reason": f"Repeat {k + 1} of {first.id}, for the noise.",
                    }
                )
            )  # fmt: skip
    for control in controls:
        for _ in range(control.wells):
            whole.append(
                ProposedExperiment(
                    id=_id(round, len(whole) + 1), role="control", settings=dict(control.settings),
                    reason=f"Control {control.name}: the same on every plate, it shows a plate that went wrong.",
                )
            )  # fmt: skip
    for _ in range(batch.blanks):
        whole.append(ProposedExperiment(id=_id(round, len(whole) + 1), role="blank", reason="Blank: medium without cells, subtracted from the readings."))
    return tuple(whole)


def _id(round: int, k: int) -> str:
    return f"R{round:02d}-{k:03d}"
