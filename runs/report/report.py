"""Write the report of a campaign: one HTML file that works offline, and its pictures as PNGs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from world_model.terms.lab import Lab
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from ..journal.raw_files import write_durably
from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..verbs.honesty import honesty
from ..version import VERSION
from . import summary, tables
from .belief import Belief, current_belief, space_of
from .by_chance import RandomRuns
from .deviations import RoundDeviations, deviation_sentences, deviation_table, round_deviations
from .goal_part import GoalPart, part_of_goal
from .honesty import honesty_sentences, ledger_table, stop_sentences
from .page import DeviationSection, Drawn, GoalSection, Page, Paragraph, RoundSection, render
from .pictures.deviating import draw_deviating
from .pictures.fans import conditions_to_show, draw_fans
from .pictures.picture import Picture
from .pictures.realised import draw_realised
from .pictures.tradeoff import draw_tradeoff
from .pictures.widening import draw_widening
from .realised import amounts_by_factor, realised_table
from .source_sentences import source_sentences
from .together import together_sentences
from .wells import plates

if TYPE_CHECKING:
    from world_model.mechanisms.mechanism import Mechanism


def write_report(
    state: CampaignState, *, folder: Path, space: SearchSpace | None = None, lab: Lab | None = None, baseline: RandomRuns | None = None,
    mechanism: Mechanism | None = None, progress: Callable[[str], None] | None = None,
) -> Path:  # fmt: skip
    """Write `<folder>/report.html` and `<folder>/png/*.png`.

    Args:
        space: of the campaign; needed for the model where the candidates are a table, for the journal does not hold it.
        lab: a simulated lab, whose truth the best is compared with; None for a real one.
        baseline: random campaigns at equal budget; None where there are none.
        mechanism: prior knowledge that the model may use.
        progress: told what is being done.

    Returns:
        The path of the HTML file.

    Raises:
        JournalError: the folder can't be written.
    """
    tell = progress or (lambda _message: None)
    data = dataset(state)
    space = space_of(state, space)
    belief = current_belief(state, data, space, mechanism=mechanism, progress=progress)
    goals = state.charter.goals
    units = {factor.name: factor.unit for factor in space.factors} if space is not None else {}
    parts = []
    for i, goal in enumerate(goals):
        tell(f"drawing pictures: {goal}")
        parts.append(
            part_of_goal(
                state, data, goal, belief=belief, lab=lab, random_curves=None if baseline is None else baseline.best_true[i], units=units,
                suffix=f"-{i + 1}" if len(goals) > 1 else "",
            )
        )  # fmt: skip
    amounts = amounts_by_factor(state)
    shared = _shared_pictures(state, data, parts, belief)
    gaps = draw_realised(amounts, units, name="realised")
    shared += [gaps] if gaps is not None else []
    deviations = round_deviations(state, data, space, progress=progress)
    deviating = draw_deviating(tuple(one for one in deviations if one.goal == goals[0]), plates(state, data, goals[0]), name="deviating")
    pictures = [picture for part in parts for picture in part.pictures] + shared + ([deviating] if deviating is not None else [])
    tell(f"writing the report with {len(pictures)} pictures")
    for picture in pictures:
        picture.write_png(folder / "png")
    file = folder / "report.html"
    page = _page(state, data, parts, shared, belief, lab, units, realised_table(amounts, units), deviations, deviating)
    write_durably(file, render(page).encode())
    return file


def _shared_pictures(state: CampaignState, data: Dataset, parts: list[GoalPart], belief: Belief) -> list[Picture]:
    """Pictures that serve all goals."""
    drawn: list[Picture | None] = []
    first = parts[0]
    if len(parts) > 1:
        drawn.append(draw_tradeoff(first.every, parts[1].every, state.charter.goals, state.charter, name="both-goals"))
        if state.charter.join == "pareto":
            drawn.append(draw_widening(state, data, tuple(part.every for part in parts), name="front-widening"))
    if belief.model is not None:
        shown = conditions_to_show(first.ranking, first.every)
        drawn.append(draw_fans(belief.model, data, shown, first.goal, state.charter, name="fans"))
    return [picture for picture in drawn if picture is not None]


def _page(
    state: CampaignState, data: Dataset, parts: list[GoalPart], shared: list[Picture], belief: Belief, lab: Lab | None,
    units: dict[str, str], realised: tables.Table | None, deviations: tuple[RoundDeviations, ...], deviating: Picture | None,
) -> Page:  # fmt: skip
    charter, model = state.charter, belief.model
    found = [part.found for part in parts if part.found is not None]
    pairs = tuple(pair for part in parts for pair in part.pairs)
    return Page(
        name=charter.name, system=charter.system, simulated=summary.simulated_sentence(state, lab),
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        tiles=summary.tiles(state, found, [part.chance for part in parts if part.found is not None], pairs),
        summary=_summary(state, data, parts, belief, units), missing=_missing(data, parts, belief),
        goals=[GoalSection(title=_title(part), best=part.best, pictures=[Drawn.of(p) for p in part.pictures], missing=part.missing) for part in parts],
        shared=[Drawn.of(picture) for picture in shared], rounds=_rounds(state, data, units),
        deviations=_deviations(state, deviations), deviating=Drawn.of(deviating) if deviating is not None else None,
        ledger=ledger_table(honesty(state), state), realised=realised, refused=tables.refused(state, data), judge=tables.judge_scores(model.verdict) if model else None, judge_by_round=tables.judge_by_round(state),
        files=tables.files(state), budget=tables.budget(state), head=state.head, head_hash=state.head_hash, version=VERSION,
    )  # fmt: skip


def _summary(state: CampaignState, data: Dataset, parts: list[GoalPart], belief: Belief, units: dict[str, str]) -> list[Paragraph]:
    """What was found comes first, what it waits for last."""
    charter, told = state.charter, []
    read = [part for part in parts if part.found is not None]
    for part in read:
        of = f": {part.goal.readout}" if len(parts) > 1 else ""
        if part.found is not None:
            told.append(Paragraph(title=f"Found{of}", sentences=summary.found_sentences(part.found, charter, units)))
    told += [Paragraph(title="Together", sentences=together_sentences(state, data, units))]
    told += [Paragraph(title="Beyond the reader's limit", sentences=[str(part.beyond)]) for part in parts if part.beyond is not None]
    chance = [line for part in read for line in summary.chance_sentences(part.chance, part.goal, charter, why_none=part.why_no_chance)]
    pairs = tuple(pair for part in parts for pair in part.pairs)
    told += [
        Paragraph(title="Against chance", sentences=list(dict.fromkeys(chance))),
        Paragraph(title="Predictions", sentences=[summary.coverage_sentence(pairs), *honesty_sentences(state)] if read else []),
        Paragraph(title="Model", sentences=summary.judge_sentences(belief)),
        Paragraph(title="Earlier data", sentences=source_sentences(state)),
        Paragraph(title="Going on", sentences=stop_sentences(state)),
        Paragraph(title="Standing", sentences=summary.standing_sentences(state) + summary.waiting_sentences(state)),
    ]
    return [paragraph for paragraph in told if paragraph.sentences]


def _rounds(state: CampaignState, data: Dataset, units: dict[str, str]) -> list[RoundSection]:
    """The last round is unfolded; on paper all are."""
    return [
        RoundSection(
            title=f"Round {opened.number}: {len(opened.experiments)} experiments", open=opened is state.rounds[-1],
            lead=f"Proposed {tables.moment(opened.proposed_at)}. How it was chosen: {opened.proposal.strategy}.",
            table=tables.proposals(state, opened, data, units),
        )
        for opened in state.rounds
    ]  # fmt: skip


def _deviations(state: CampaignState, entries: tuple[RoundDeviations, ...]) -> list[DeviationSection]:
    """The last round is unfolded: it is the one that somebody can still look into."""
    last = max((entry.round for entry in entries), default=0)
    return [
        DeviationSection(
            title=f"Round {entry.round}: {len(entry.outside)} of {len(entry.pairs)} predictions failed" + (f" ({entry.goal})" if len(state.charter.goals) > 1 else ""),
            sentences=deviation_sentences(entry), table=deviation_table(state, entry) if entry.outside else None, open=entry.round == last,
        )
        for entry in entries
    ]  # fmt: skip


def _missing(data: Dataset, parts: list[GoalPart], belief: Belief) -> list[str]:
    """What this report would show if there were more to show."""
    told = [f"{part.goal}: {why}" if len(parts) > 1 else why for part in parts for why in part.missing]
    if belief.model is not None and len(data.times_h) < 2:
        told.append("Trajectory fans: every measurement is an end point, so there is no course over time.")
    elif belief.model is None:
        told.append("Trajectory fans: they need a model.")
    return told


def _title(part: GoalPart) -> str:
    text = str(part.goal)
    return text[0].upper() + text[1:]
