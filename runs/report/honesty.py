"""The ledger of predictions on the page: a table, and what it says."""

from __future__ import annotations

from ..state.campaign_state import CampaignState
from ..verbs.honesty import Honesty, honesty
from .numbers import percent, short, unit_of
from .tables import Table


def ledger_table(told: Honesty, state: CampaignState) -> Table | None:
    """One row a goal and round, and one for all rounds; None before a prediction has met its result."""
    several = len(told.ledgers) > 1
    rows = []
    for ledger, goal in zip(told.ledgers, state.charter.goals, strict=True):
        unit = unit_of(goal, state.charter)
        for one in (*ledger.rounds, ledger.total):
            if not one.results:
                continue
            of = "all" if one.round is None else str(one.round)
            rows.append(
                (
                    *((goal.readout,) if several else ()), of, str(one.results), f"{one.within} ({percent(one.coverage)})", f"{short(one.crps)} {unit}".rstrip(),
                    f"{short(one.bias)} {unit}".rstrip(), f"{one.spread:.2f}", f"{one.stretch:.2f}",
                )
            )  # fmt: skip
    header = (*(("goal",) if several else ()), "round", "results", "within 90 %", "CRPS", "read − predicted", "error in predicted sd", "stretched by")
    first = 2 if several else 1
    return Table(header=header, rows=tuple(rows), numeric=frozenset(range(first, len(header)))) if rows else None


def honesty_sentences(state: CampaignState) -> list[str]:
    """The verdicts, and what the next batch will be told for them; without what the coverage sentence says already."""
    told = honesty(state)
    sentences = [ledger.why for ledger in told.ledgers if ledger.total.results and ledger.standing not in ("honest", "too few")]
    sentences += [stretch.why for stretch in told.stretches if stretch.why]
    return [*sentences, *([f"A part of the next batch explores. {told.exploring.why}"] if told.exploring.why else [])]


def stop_sentences(state: CampaignState) -> list[str]:
    """What the last planned batch was worth, or why the loop ended; nothing where the campaign has no rule to stop by."""
    report = state.stopped or next((opened.report for opened in reversed(state.rounds) if opened.report is not None), None)
    if report is None:
        return []
    when = f"after round {report.rounds}" if report.rounds else "before the first round"
    return [f"{report.advice} ({when}; {report.of})", *(f"{'Met' if found.met else 'Not met'}: {found.reason}. {found.why}" for found in report.findings)]
