"""The tables of the report, as rows of text: the page only lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from world_model.judge import Verdict
from world_model.terms.goals import Goal
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.readings import FLAGS, Dataset

from ..state.campaign_state import CampaignState, RoundState
from ..state.progress import experiments_used, settings_as_done
from ..state.readout import observed
from .conditions import Condition
from .coverage import prediction_of
from .numbers import DASH, estimate_text, readout_name, short, unit_of, value
from .wells import wells_by_id


@dataclass(frozen=True, kw_only=True)
class Table:
    """Header and rows of cells. Columns in `numeric` stand to the right, those in `wide` may wrap, those in `whole` never; `notes[i]` is a line below row i."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    whole: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def factor_headers(state: CampaignState, units: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{name} ({units[name]})" if units.get(name) else name for name in state.charter.factor_names)


def best_conditions(state: CampaignState, ranking: tuple[Condition, ...], goal: Goal, *, believed: Sequence[object], truths: Sequence[float], units: dict[str, str]) -> Table:
    """The first of the ranking: what they are, what was read, what the model believes now."""
    unit = unit_of(goal, state.charter)
    suffix = f" ({unit})" if unit else ""
    header = ("#", "experiments", f"measured{suffix}", "each well", *((f"model now{suffix}",) if any(believed) else ()))
    header += (*((f"true value{suffix}",) if truths else ()), *factor_headers(state, units))
    rows = []
    for i, condition in enumerate(ranking):
        row = [str(i + 1), _ids(condition.ids), short(condition.mean), ", ".join(short(number) for number in condition.values)]
        row += [str(believed[i])] if any(believed) else []
        row += [short(truths[i])] if truths else []
        rows.append((*row, *(value(condition.settings[name]) for name in state.charter.factor_names)))
    return Table(header=header, rows=tuple(rows), numeric=frozenset({2}), whole=frozenset({1, 3, 4} if any(believed) else {1, 3}))


def proposals(state: CampaignState, opened: RoundState, data: Dataset, units: dict[str, str]) -> Table:
    """One row a condition: an experiment with its repeats, a control's wells together, the blanks together."""
    goals = state.charter.goals
    well, done = wells_by_id(state), settings_as_done(state)
    read = {goal: dict(zip(data.ids, observed(goal, data) if len(data) else (), strict=True)) for goal in goals}
    labelled, laid_out = state.charter.n_candidates is not None, any(e.id in well for e in opened.experiments)
    header = ["experiments", "role", *(["candidate"] if labelled else []), *(["wells"] if laid_out else []), *factor_headers(state, units)]
    for goal in goals:
        of = f" {readout_name(goal, state.charter)}" if len(goals) > 1 else ""
        unit = unit_of(goal, state.charter)
        header += [f"predicted{of}{f' ({unit})' if unit else ''}", f"measured{of}"]
    rows, notes = [], []
    for bundle in bundles(opened.experiments):
        first = bundle[0]
        row = [_ids([e.id for e in bundle]), _role(bundle), *([_label(first)] if labelled else [])]
        row += [", ".join(well[e.id] for e in bundle if e.id in well) or DASH] if laid_out else []
        row += [value(done[first.id].get(name)) for name in state.charter.factor_names]
        for goal in goals:
            told = prediction_of(first, goal)
            row.append(estimate_text(told.mean, told.low, told.high) if told else DASH)
            row.append(_all_measured(bundle, read[goal], state))
        rows.append(tuple(row))
        notes.append(first.reason)
    told_at = frozenset(i for i, name in enumerate(header) if name.startswith("predicted"))
    return Table(header=tuple(header), rows=tuple(rows), notes=tuple(notes), whole=told_at)


def bundles(experiments: tuple[ProposedExperiment, ...]) -> list[list[ProposedExperiment]]:
    """Experiments that are one condition, in the order of the first."""
    told: dict[object, list[ProposedExperiment]] = {}
    for experiment in experiments:
        if experiment.role in ("candidate", "replicate"):
            key: object = experiment.repeat_of or experiment.id
        else:
            key = (experiment.role, tuple(sorted(experiment.settings.items(), key=str)))
        told.setdefault(key, []).append(experiment)
    return list(told.values())


def refused(state: CampaignState, data: Dataset) -> Table:
    """What was not done, not read or not taken, and why."""
    rows: list[tuple[str, str, str]] = []
    well = wells_by_id(state)
    for opened in state.rounds:
        what = f"round {opened.number}"
        for row in opened.proposal.refused:
            shown = ", ".join(f"{name} {value(cell)}" for name, cell in row.settings.items())
            rows.append((what, f"row refused by the space: {shown}", row.why))
        for amendment in opened.amendments:
            parts = [f"dropped {', '.join(amendment.dropped)}"] if amendment.dropped else []
            parts += [f"{swap.out} swapped for {swap.into.id}" for swap in amendment.swapped]
            parts += [f"added {', '.join(e.id for e in amendment.added)}"] if amendment.added else []
            rows.append((what, "amended: " + "; ".join(parts), amendment.reason))
        for e in opened.experiments:
            if e.id in state.failed:
                rows.append((what, f"failed: {e.id}" + (f" in {well[e.id]}" if e.id in well else ""), state.failed[e.id]))
        if opened.compiled is not None:
            rows += [(what, "remark of the compiler", finding) for finding in opened.compiled.findings]
    for block in state.blocks:
        source = next((told.name for told in state.sources.values() if told.seq == block.seq), f"event {block.seq}")
        if block.corrects:
            rows.append((source, "earlier readings replaced", block.corrects))
        rows += [(source, "not read", cell) for cell in block.unread]
    beyond = (data.flags == FLAGS.index("above limit")).sum(axis=(0, 1)) if len(data) else np.zeros(0, dtype=int)
    rows += [
        ("readings", f"{count} of {variable} above the reader's limit", "An overflow mark is no number: the model learns that the value lies beyond the limit, and is not judged by it.")
        for variable, count in zip(data.variables, beyond.tolist(), strict=False) if count
    ]  # fmt: skip
    rows += [("campaign file", f"revised: {change.field}", f"{change.was} → {change.now}") for changes in state.revisions for change in changes]
    return Table(header=("where", "what", "why"), rows=_said_once(rows), wide=frozenset({1, 2}))


def _said_once(rows: list[tuple[str, str, str]]) -> tuple[tuple[str, str, str], ...]:
    """The same remark in several places is one row."""
    places: dict[tuple[str, str], list[str]] = {}
    for where, what, why in rows:
        places.setdefault((what, why), []).append(where)
    return tuple((", ".join(dict.fromkeys(where)), what, why) for (what, why), where in places.items())


def judge_scores(verdict: Verdict) -> Table:
    """Contestants by score, the best first; a score of nan stands last."""
    order = sorted(verdict.scores, key=lambda family: (np.isnan(verdict.scores[family]), verdict.scores[family]))
    rows = [
        (family + (" (picked)" if family == verdict.picked else ""), short(verdict.scores[family]), _lead(verdict.lead.get(family))) for family in order
    ]
    rows += [(family, DASH, f"could not be fitted: {why}") for family, why in verdict.failed.items()]
    return Table(
        header=("model", "CRPS (sd of the data)", "ahead of the first choice by (standard errors)"), rows=tuple(rows), numeric=frozenset({1, 2})
    )


def judge_by_round(state: CampaignState) -> Table:
    """What each round was planned with."""
    rows = []
    for opened in state.rounds:
        model = opened.proposal.model
        rows.append((str(opened.number), opened.proposal.strategy, str(model.get("picked", "none")), str(model.get("n_records", DASH)), str(model.get("why", DASH))))
    return Table(header=("round", "how the batch was chosen", "model", "judged on (experiments)", "verdict"), rows=tuple(rows), wide=frozenset({1, 4}))


def files(state: CampaignState) -> Table:
    """Robot files and results with their SHA-256, in the order of the rounds."""
    rows: list[tuple[str, str, str, str]] = []
    for opened in state.rounds:
        what = f"round {opened.number}"
        if opened.compiled is not None:
            robot = {stage.file for stage in opened.compiled.stages}
            rows += [(what, file.name, "robot file" if file.name in robot else "bench file", file.sha256) for file in opened.compiled.files]
            rows.append((what, ", ".join(stage.file for stage in opened.compiled.stages), _approved(opened), opened.compiled.protocol_sha256))
    rows += [("results", source.name, "simulated" if source.simulated else "as recorded", source.sha256) for source in state.sources.values()]
    return Table(header=("of", "file", "what", "SHA-256"), rows=tuple(rows), whole=frozenset({0}))


def budget(state: CampaignState) -> Table:
    """What was spent: wells by role and round."""
    roles = [role for role in ("candidate", "replicate", "control", "calibration", "blank") if any(e.role == role for r in state.rounds for e in r.experiments)]
    rows = []
    for opened in state.rounds:
        counts = [sum(e.role == role for e in opened.experiments) for role in roles]
        rows.append((str(opened.number), *map(str, counts), str(len(opened.experiments))))
    totals = [sum(e.role == role for r in state.rounds for e in r.experiments) for role in roles]
    rows.append(("all", *map(str, totals), str(experiments_used(state))))
    limit = state.charter.budget
    rows.append(("budget", *("" for _ in roles), f"{limit.experiments:,}" if limit.experiments else "not limited"))
    return Table(header=("round", *roles, "experiments"), rows=tuple(rows), numeric=frozenset(range(1, len(roles) + 2)))


def _role(bundle: list[ProposedExperiment]) -> str:
    if len(bundle) == 1:
        return bundle[0].role
    return f"{bundle[0].role}, {len(bundle)} wells"


def _ids(ids: Sequence[str]) -> str:
    """`R01-001, -002`: the round is said once."""
    prefix = ids[0].rpartition("-")[0]
    rest = [id.removeprefix(prefix) if prefix and id.startswith(f"{prefix}-") else id for id in ids[1:]]
    return ", ".join((ids[0], *rest))


def _all_measured(bundle: list[ProposedExperiment], read: dict[str, float], state: CampaignState) -> str:
    cells = [_measured(e, read, state) for e in bundle]
    return cells[0] if len(set(cells)) == 1 and cells[0] in (DASH, "waiting") else ", ".join(cells)


def _label(experiment: ProposedExperiment) -> str:
    return DASH if experiment.candidate is None else str(experiment.candidate)


def _measured(experiment: ProposedExperiment, read: dict[str, float], state: CampaignState) -> str:
    if experiment.id in state.failed:
        return "failed"
    if experiment.role in ("blank", "unused"):
        return DASH
    number = read.get(experiment.id, float("nan"))
    if np.isfinite(number):
        return short(number)
    return "not readable" if experiment.id in state.answered else "waiting"


def _lead(lead: float | None) -> str:
    return DASH if lead is None else f"{lead:+.1f}".replace("-", "−") if lead else "0"


def _approved(opened: RoundState) -> str:
    if opened.approval is None:
        return "together, not approved"
    who = opened.approval.person or f"policy {opened.approval.policy}"
    return f"together, approved by {who}, {moment(opened.approved_at)}"


def moment(recorded_at: str) -> str:
    """`2025-03-01 14:05 UTC` from the journal's time stamp."""
    return f"{recorded_at[:16].replace('T', ' ')} UTC" if recorded_at else DASH
