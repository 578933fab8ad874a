"""Who waits for what, in plain words, and the next command to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from world_model.terms.errors import ConflictError

from .budget import allowance
from .campaign_state import CampaignState, RoundState
from .known_readings import incomplete, known_readings
from .progress import experiments_used, waiting

Step = Literal["propose", "compile", "approve", "record", "done"]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One thing that waits: `who` for `what`; `command` is what follows `nextwell`, empty where nothing is left to type."""

    round: int | None
    step: Step
    who: Literal["planner", "you", "lab", "nobody"]
    what: str
    command: str


def what_waits(state: CampaignState | None, *, file: str, folder: str = "") -> tuple[Waiting, ...]:
    """What waits for whom, the most urgent first; never empty.

    Args:
        file: the campaign file as a person types it.
        folder: where the rounds' files lie, for the text.
    """
    if state is None:
        return (Waiting(round=None, step="propose", who="planner", what="Nothing is recorded yet; the first batch can be proposed.", command=f"propose {file}"),)
    open_rounds = [opened for opened in state.rounds if waiting(state, opened)]
    if open_rounds:
        return (*(_of_round(state, opened, file, folder) for opened in open_rounds), *_lacking(state, file))
    return (_next_round(state, file), *_lacking(state, file))


def _lacking(state: CampaignState, file: str) -> tuple[Waiting, ...]:
    """Rounds with experiments that were read in part."""
    known = known_readings(state)
    told = []
    for opened in state.rounds:
        if lacking := incomplete(state, opened, known):
            what = f"Round {opened.number}: {sum(lacking.values())} readings of {len(lacking)} experiments are missing; record them, or go on without."
            told.append(Waiting(round=opened.number, step="record", who="lab", what=what, command=f"record {file} RESULTS.csv --round {opened.number}"))
    return tuple(told)


def _next_round(state: CampaignState, file: str) -> Waiting:
    try:
        allowed = allowance(state, state.charter.batch.candidates)
    except ConflictError:
        return Waiting(round=None, step="done", who="nobody", what="The budget is spent.", command=f"report {file}")
    finished = f"{len(state.rounds)} round{'s are' if len(state.rounds) > 1 else ' is'} finished"
    told = f"{finished}; the next batch of {allowed.candidates} candidates can be proposed." if state.rounds else "The first batch can be proposed."
    return Waiting(round=None, step="propose", who="planner", what=told, command=f"propose {file}")


def _of_round(state: CampaignState, opened: RoundState, file: str, folder: str) -> Waiting:
    number, n = opened.number, len(waiting(state, opened))
    if not state.charter.protocol:
        return Waiting(round=number, step="record", who="lab", what=f"Round {number}: {n} experiments wait for results.", command=f"record {file} RESULTS.csv")
    if opened.compiled is None:
        told = f"Round {number}: {n} experiments are proposed and wait to be compiled. Where cells are added, with their OD600 of that morning: --inoculum-od."
        return Waiting(round=number, step="compile", who="you", what=told, command=f"compile {file}")
    place = f"{folder}/round-{number:02d}" if folder else "the round's folder"
    if opened.approval is None:
        told = f"Round {number}: plate {opened.plate} is compiled; read bench_sheet.html in {place} and approve it."
        return Waiting(round=number, step="approve", who="you", what=told, command=f'approve {file} --by "YOUR NAME"')
    told = f"Round {number}: plate {opened.plate} is approved by {opened.approval.person or 'policy: ' + str(opened.approval.policy)}; {n} experiments wait for the lab's results file."
    return Waiting(round=number, step="record", who="lab", what=told, command=f"record {file} RESULTS.csv")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Where a campaign stands, in numbers."""

    rounds: int
    experiments_used: int
    experiments_allowed: int | None
    answered: int
    waiting: int
    failed: int
    past: int


def counts(state: CampaignState) -> Counts:
    """The numbers that `status` shows."""
    proposed = {experiment.id for opened in state.rounds for experiment in opened.experiments}
    return Counts(
        rounds=len(state.rounds), experiments_used=experiments_used(state), experiments_allowed=state.charter.budget.experiments,
        answered=len(state.answered & proposed), waiting=sum(len(waiting(state, opened)) for opened in state.rounds),
        failed=len(state.failed), past=len(state.past),
    )  # fmt: skip
