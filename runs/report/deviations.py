"""Deviations by round: which stored predictions failed, and to which cause the evidence points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from world_model.deviations import CAUSES, Cause, Deviation, RoundAsDone, chance_sentence, counts, explain
from world_model.fit import FEWEST_RECORDS, WorldModel, fit_world_model
from world_model.terms.errors import NextwellError
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from ..state.campaign_state import CampaignState, RoundState
from .coverage import Checked, checked_predictions
from .numbers import estimate_text, short
from .tables import Table
from .wells import wells_by_id

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class RoundDeviations:
    """One round and goal. `found` are the verdicts, `pairs` every prediction that met its result; `why_not` where causes could not be sought."""

    round: int
    goal: Goal
    pairs: tuple[Checked, ...]
    found: tuple[Deviation, ...]
    why_not: str = ""

    @property
    def outside(self) -> tuple[Checked, ...]:
        """The predictions that failed."""
        return tuple(pair for pair in self.pairs if not pair.within)

    @property
    def causes(self) -> dict[str, Cause]:
        """Experiment → cause."""
        return {one.id: one.cause for one in self.found}


def round_deviations(state: CampaignState, data: Dataset, space: SearchSpace | None, *, progress: Progress | None = None) -> tuple[RoundDeviations, ...]:
    """Every round whose stored predictions have met results, in order; one entry a goal.

    Causes are sought with the model as it was when the round was proposed: fitted to what had been read of earlier rounds.
    """
    told = []
    for opened in state.rounds:
        ids = {experiment.id for experiment in opened.experiments}
        by_goal = {goal: tuple(pair for pair in checked_predictions(state, data, goal) if pair.id in ids) for goal in state.charter.goals}
        by_goal = {goal: pairs for goal, pairs in by_goal.items() if pairs}
        if not by_goal:
            continue
        failed = any(not pair.within for pairs in by_goal.values() for pair in pairs)
        world, why_not = _world_before(state, data, opened, space, progress=progress) if failed else (None, "")
        for goal, pairs in by_goal.items():
            found = explain(_as_done(opened, data, pairs, world), world, goal) if world is not None and any(not pair.within for pair in pairs) else ()
            told.append(RoundDeviations(round=opened.number, goal=goal, pairs=pairs, found=found, why_not=why_not))
    return tuple(told)


def _world_before(
    state: CampaignState, data: Dataset, opened: RoundState, space: SearchSpace | None, *, progress: Progress | None
) -> tuple[WorldModel | None, str]:
    """The model that planned a round, fitted again to what was known then."""
    if space is None:
        return None, "The candidates are a table that was not at hand, so causes were not sought."
    later = {e.id for other in state.rounds if other.number >= opened.number for e in other.experiments}
    earlier = data.take(np.array([id not in later for id in data.ids], dtype=bool))
    if len(earlier) < FEWEST_RECORDS:
        return None, "Too little had been read before this round to seek causes with."
    if progress:
        progress(f"seeking causes of deviations in round {opened.number}")
    from world_model.contestants.registry import contestants

    picked = str(opened.proposal.model.get("picked", ""))
    try:
        return fit_world_model(space, earlier, seed=state.charter.seed, goals=state.charter.goals, contestants=[picked] if picked in contestants() else []), ""
    except NextwellError as fault:
        return None, f"No model could be fitted to what was known before this round: {fault}"


def _as_done(opened: RoundState, data: Dataset, pairs: tuple[Checked, ...], world: WorldModel) -> RoundAsDone:
    import torch

    asked = {experiment.id: dict(experiment.settings) for experiment in opened.experiments}
    rows = np.array([i for i, id in enumerate(data.ids) if id in asked], dtype=int)
    own = data.take(rows)
    failed = {pair.id for pair in pairs if not pair.within}
    done: list[dict[str, float | str]] = [{name: _plain(column[i]) for name, column in own.settings.items()} for i in range(len(own))]
    return RoundAsDone(
        ids=own.ids, roles=own.roles, asked=world.encoder.design_of([{**done[i], **asked[id]} for i, id in enumerate(own.ids)]),
        done=world.encoder.design_of(done), values=torch.as_tensor(own.values), flags=torch.as_tensor(own.flags), groups=torch.as_tensor(own.groups()),
        outside=torch.tensor([id in failed for id in own.ids], dtype=torch.bool),
    )  # fmt: skip


def deviation_table(state: CampaignState, entry: RoundDeviations) -> Table:
    """One row a failed prediction, grouped by cause; without a model, what failed alone."""
    well, verdicts = wells_by_id(state), {one.id: one for one in entry.found}
    order = {cause: i for i, cause in enumerate(CAUSES)}
    outside = sorted(entry.outside, key=lambda pair: (order[verdicts[pair.id].cause] if pair.id in verdicts else len(CAUSES), pair.id))
    placed = any(pair.id in well for pair in outside)
    rows = []
    for pair in outside:
        verdict = verdicts.get(pair.id)
        row = [pair.id, *([well.get(pair.id, "")] if placed else []), estimate_text(pair.mean, pair.low, pair.high), short(pair.observed)]
        rows.append((*row, verdict.cause if verdict else "not sought", verdict.evidence if verdict else entry.why_not))
    header = ("experiment", *(("well",) if placed else ()), "predicted (90 %)", "read", "points to", "evidence")
    return Table(header=header, rows=tuple(rows), numeric=frozenset({3 if placed else 2}), wide=frozenset({len(header) - 1}))


def deviation_sentences(entry: RoundDeviations) -> list[str]:
    """How many failed, whether that is chance, and what they point to."""
    told = [chance_sentence(len(entry.outside), len(entry.pairs))]
    if entry.found:
        told.append(f"They point to: {', '.join(f'{cause} {count}' for cause, count in counts(entry.found).items())}.")
    elif entry.why_not:
        told.append(entry.why_not)
    return told


def _plain(cell: object) -> float | str:
    return cell if isinstance(cell, str) else float(cell)  # type: ignore[arg-type]
