"""What is known, what is waited for, and what was spent: questions about a state."""

from __future__ import annotations

from collections.abc import Iterator

from world_model.terms.errors import ConflictError
from world_model.terms.proposal import ProposedExperiment

from .campaign_state import CampaignState, RoundState


def experiments(state: CampaignState) -> Iterator[ProposedExperiment]:
    """Every experiment that stands: proposed and not dropped, then past ones, each in its order."""
    for opened in state.rounds:
        yield from opened.experiments
    yield from state.past


def settings_as_done(state: CampaignState) -> dict[str, dict[str, float | str]]:
    """Experiment → settings: what the pipetting really reached where a protocol was compiled, else as proposed or told."""
    done = {experiment.id: dict(experiment.settings) for experiment in experiments(state)}
    for opened in state.rounds:
        if opened.compiled is not None:
            for id, planned in opened.compiled.planned.items():
                if id in done:
                    done[id] |= planned
    return done


def levels_of(state: CampaignState) -> dict[str, dict[str, str]]:
    """Experiment → context → level: as recorded, else as the round was proposed for; what nobody said is left out."""
    planned = {e.id: opened.contexts for opened in state.rounds for e in opened.experiments}
    return {id: {**planned.get(id, {}), **state.contexts.get(id, {})} for id in planned.keys() | state.contexts.keys()}


def is_answered(state: CampaignState, id: str) -> bool:
    """True where there is a reading, or where it is known that there will be none."""
    return id in state.answered or id in state.failed


def waiting(state: CampaignState, opened: RoundState) -> tuple[ProposedExperiment, ...]:
    """The experiments of a round that have neither a reading nor a failure. Blanks teach nothing and are not waited for."""
    return tuple(e for e in opened.experiments if e.role not in ("blank", "unused") and not is_answered(state, e.id))


def pending(state: CampaignState) -> tuple[ProposedExperiment, ...]:
    """The experiments of all rounds that are waited for, with the settings that they will have been done with."""
    done = settings_as_done(state)
    return tuple(
        experiment.model_copy(update={"settings": done[experiment.id]}) for opened in state.rounds for experiment in waiting(state, opened)
    )


def unfinished_rounds(state: CampaignState) -> tuple[RoundState, ...]:
    """The rounds that still wait for something, oldest first."""
    return tuple(opened for opened in state.rounds if waiting(state, opened))


def the_round(state: CampaignState, number: int | None) -> RoundState:
    """The round of that number, or the one round that still waits for something.

    Raises:
        ConflictError: no such round; none is open; or several are and none was named.
    """
    if number is not None:
        if not 1 <= number <= len(state.rounds):
            told = f"a round from 1 to {len(state.rounds)}" if state.rounds else "a proposed round"
            raise ConflictError(f"Expected {told} of {state.name!r}, found {number}. Propose it first: nextwell propose.")
        return state.rounds[number - 1]
    opened = unfinished_rounds(state)
    if not opened:
        raise ConflictError(f"Expected a round of {state.name!r} that waits for something, found none. Propose one first: nextwell propose.")
    if len(opened) > 1:
        raise ConflictError(f"Expected one open round, found {', '.join(str(r.number) for r in opened)}. Say which one with --round.")
    return opened[0]


def experiments_used(state: CampaignState) -> int:
    """What the budget was charged with: every well of every round but the dropped ones. Past results are free."""
    return sum(len(opened.experiments) for opened in state.rounds)


def is_simulated(state: CampaignState) -> bool:
    """True where a simulated lab has answered."""
    return any(source.simulated for source in state.sources.values())
