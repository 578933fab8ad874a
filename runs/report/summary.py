"""The summary: what was found, in plain sentences with numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from world_model.fit import WorldModel
from world_model.terms.goals import Goal
from world_model.terms.lab import Lab

from ..state.campaign_state import CampaignState
from ..state.charter import Charter
from ..state.progress import experiments_used, is_simulated, waiting
from .belief import Belief
from .by_chance import ByChance
from .conditions import Condition
from .coverage import Checked, coverage, coverage_by_round, prediction_of
from .numbers import estimate_text, percent, readout_name, settings_text, short, times, unit_of, with_unit


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One number that stands out, with what it is."""

    number: str
    label: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Mean and central 90 % interval; as text `36 (−1 to 73)`."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return estimate_text(self.mean, self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The best condition for one goal. `believed` is the model's estimate now, `predicted` what it said beforehand."""

    goal: Goal
    best: Condition
    unit: str
    believed: Estimate | None = None
    predicted: Estimate | None = None
    truth: float | None = None


def estimates(model: WorldModel | None, rows: Sequence[Condition], goal: Goal) -> list[Estimate | None]:
    """What the model believes of the true value of each condition; None without a model."""
    if model is None or not rows:
        return [None] * len(rows)
    told = model.readout(goal, [condition.settings for condition in rows])
    return [
        Estimate(mean=mean, low=low, high=high)
        for mean, low, high in zip(told.mean.tolist(), told.low.tolist(), told.high.tolist(), strict=True)
    ]


def finding(state: CampaignState, best: Condition, goal: Goal, *, believed: Estimate | None, truth: float | None) -> Finding:
    """The best condition with what is known of it."""
    proposed = {e.id: e for opened in state.rounds for e in opened.experiments}
    stored = next((p for id in best.ids if id in proposed and (p := prediction_of(proposed[id], goal))), None)
    predicted = Estimate(mean=stored.mean, low=stored.low, high=stored.high) if stored else None
    return Finding(goal=goal, best=best, unit=unit_of(goal, state.charter), believed=believed, predicted=predicted, truth=truth)


def found_sentences(found: Finding, charter: Charter, units: Mapping[str, str]) -> list[str]:
    """What was found, what was expected of it, and what the truth is where it is known."""
    best, name = found.best, readout_name(found.goal, charter)
    wells = f"mean of {len(best.read)} wells: {', '.join(map(short, best.read))}" if len(best.read) > 1 else "one well"
    gave = f"The best condition measured ({found.goal}) gave {name} = {with_unit(best.mean, found.unit)} ({wells})"
    told = [f"{gave}; it was first proposed in round {best.first_round}, as {best.ids[0]}." if best.first_round else f"{gave}; it is a past result, {best.ids[0]}."]
    told.append(f"Its settings: {settings_text(best.settings, units)}.")
    if found.predicted is not None:
        met = sum(found.predicted.low <= number <= found.predicted.high for number in best.read)
        told.append(f"Before it was measured the model had predicted {found.predicted} with 90 % for a single reading; {_met(met, len(best.read))}.")
    else:
        told.append("It was chosen without a model, so nothing was predicted of it.")
    if found.believed is not None:
        told.append(
            f"With everything that is known now, the model puts its true value at {found.believed} with 90 %; as the best of many noisy readings "
            "tends to be a lucky one, this is the safer number."
        )
    if found.truth is not None:
        told.append(f"Its true value in the simulated lab is {with_unit(found.truth, found.unit)}.")
    return told


def chance_sentences(chance: ByChance | None, goal: Goal, charter: Charter, *, why_none: str) -> list[str]:
    """How much sooner than by chance, or why nobody can say."""
    if chance is None:
        return [why_none]
    name, unit = readout_name(goal, charter), unit_of(goal, charter)
    told = [
        f"By chance: {chance.runs} random campaigns of the same plates and roles end at a best true {name} of {with_unit(chance.random_final, unit)} "
        f"(median) after {chance.budget} experiments; nextwell ends at {with_unit(chance.loop_final, unit)}."
    ]
    if chance.loop_needed is None:
        told.append(f"nextwell did not reach random's median within {chance.budget} experiments: here it did no better than chance.")
    else:
        told.append(
            f"nextwell needed {chance.loop_needed} experiments to reach what random reaches after {chance.random_needed} (median): "
            f"{times(chance.random_needed / chance.loop_needed)} {'sooner' if chance.random_needed > chance.loop_needed else 'as many, so no sooner'}."
        )
    count = chance.runs_that_matched
    told.append(
        f"{count or 'None'} of the {chance.runs} random runs reached nextwell's final best within {chance.budget} experiments."
    )
    return told


def coverage_sentence(pairs: tuple[Checked, ...]) -> str:
    """Were the intervals honest?"""
    if not pairs:
        return "No prediction has met its result yet, so nothing can be said about how well the predictions hold."
    total = coverage(pairs)
    by_round = ", ".join(f"round {number} {part.within} of {part.results}" for number, part in coverage_by_round(pairs).items())
    return f"Of {total.results} results, {total.within} ({percent(total.share)}) lie within the 90 % interval that was predicted beforehand ({by_round}); honest intervals hold about 90 %."


def standing_sentences(state: CampaignState) -> list[str]:
    """How far the campaign is, and what it waits for."""
    used, limit = experiments_used(state), state.charter.budget.experiments
    if not state.rounds and not state.past:
        return ["Nothing has been proposed yet and nothing has been read. Propose a first round: nextwell propose."]
    told = [f"{used} experiments in {_rounds(len(state.rounds))}{f', of {limit} in the budget' if limit else ''}; every well counts."]
    if state.past:
        told.append(f"{len(state.past)} past results were brought in; they cost nothing.")
    if state.failed:
        told.append(f"{len(state.failed)} {'experiment' if len(state.failed) == 1 else 'experiments'} failed and will not be read.")
    return told


def waiting_sentences(state: CampaignState) -> list[str]:
    """The rounds that still wait for results."""
    told = []
    for opened in state.rounds:
        left = waiting(state, opened)
        if left:
            proposed = [e for e in opened.experiments if e.role not in ("blank", "unused")]
            so_far = "nothing of it has been read" if len(left) == len(proposed) else f"{len(proposed) - len(left)} of {len(proposed)} experiments are known"
            told.append(f"Round {opened.number} waits for results: {so_far}.")
    return told


def judge_sentences(belief: Belief) -> list[str]:
    """What the judge picked, and whether a simple model would do."""
    if belief.model is None:
        return [belief.why_not]
    verdict = belief.model.verdict
    told = [f"The judge’s pick: {verdict.why}"]
    told.append(
        "It predicts held-out conditions better than a model without effects and one with shuffled settings, by one standard error (level 2: conditioned on actions)."
        if verdict.level >= 2
        else "It has not yet shown that it predicts held-out conditions better than a model without effects and one with shuffled settings (level 1: promise nothing)."
    )
    return told


def simulated_sentence(state: CampaignState, lab: Lab | None) -> str:
    """A simulator's result is called one."""
    if not is_simulated(state):
        return ""
    name = lab.name if lab is not None else state.charter.answers or "unnamed"
    if name.partition(":")[0] == "table":
        return "Simulator result: a table of earlier measurements answered in place of a lab. No experiment was carried out."
    return f"Simulator result: the simulated lab “{name}” answered. No experiment was carried out."


def tiles(state: CampaignState, found: list[Finding], chances: list[ByChance | None], pairs: tuple[Checked, ...]) -> list[Tile]:
    """The numbers on top."""
    told = []
    for entry in found:
        label = f"best {readout_name(entry.goal, state.charter)}"
        told.append(Tile(number=with_unit(entry.best.mean, entry.unit), label=label, note=f"measured in {len(entry.best.read)} {'well' if len(entry.best.read) == 1 else 'wells'}"))
    limit = state.charter.budget.experiments
    told.append(Tile(number=f"{experiments_used(state):,}", label="experiments", note=f"in {_rounds(len(state.rounds))}" + (f", budget {limit:,}" if limit else "")))
    for entry, chance in zip(found, chances, strict=True):
        if chance is not None:
            suffix = f" ({entry.goal.readout})" if len(found) > 1 else ""
            told.append(
                Tile(number=times(chance.ratio), label=f"sooner than by chance{suffix}", note=f"{chance.loop_needed} experiments for what takes random {chance.random_needed}")
                if chance.ratio is not None and chance.ratio > 1
                else Tile(number="0", label=f"experiments saved against chance{suffix}", note=f"random was as good with {chance.budget}")
            )
    if pairs:
        total = coverage(pairs)
        told.append(Tile(number=percent(total.share), label="of results within 90 % intervals", note=f"{total.within} of {total.results}, predicted beforehand"))
    return told


def _met(met: int, count: int) -> str:
    if count == 1:
        return "the reading lies within" if met else "the reading lies outside"
    return f"{met} of {count} readings lie within"


def _rounds(count: int) -> str:
    return f"{count} round" if count == 1 else f"{count} rounds"
