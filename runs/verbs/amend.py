"""Amend a proposed round: drop, swap or add wells, each with a reason that stays in the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.errors import ConflictError, DesignError, nearest
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

from ..journal.raw_files import write_durably
from ..state.campaign_state import CampaignState, RoundState
from ..state.payloads import BatchAmended, Swapped
from ..state.progress import experiments_used, is_answered, the_round
from .open_campaign import OpenCampaign
from .outcome import Outcome
from .proposal_table import proposal_csv
from .table_rows import candidate_of

Settings = Mapping[str, float | str]


def amend(
    campaign: OpenCampaign, *, reason: str, round: int | None = None, drop: Sequence[str] = (),
    swap: Mapping[str, Settings] | None = None, add: Sequence[Settings] = (),
) -> Outcome:  # fmt: skip
    """Change a round before its results are in. What was compiled or approved of it is void.

    Args:
        drop: experiments that are not to be done; a candidate's replicates go with it.
        swap: experiment → settings of what takes its place; its replicates are swapped with it.
        add: settings of candidates put in by hand, each in as many wells as the campaign's batch says.

    Raises:
        ConflictError: results were recorded already, or the budget does not hold what is added.
        DesignError: an unknown experiment, settings outside the space, or nothing to do. Nothing is changed then.
    """
    state = campaign.standing()
    opened = the_round(state, round)
    read = [e.id for e in opened.experiments if is_answered(state, e.id)]
    if read:
        raise ConflictError(f"Expected a round without results, found {len(read)} experiments of round {opened.number} answered ({', '.join(read[:3])} …). Wells that failed are declared with: nextwell record --failed.")
    if not (drop or swap or add):
        raise DesignError("Expected something to drop, swap or add, found nothing. See nextwell amend --help.")
    if not reason.strip():
        raise DesignError("Expected a reason, found none. It stays in the journal beside the change: --reason \"…\".")
    swapped_ids = dict(swap or {})
    both = sorted(set(drop) & set(swapped_ids))
    if both:
        raise DesignError(f"Expected each experiment to be dropped or swapped, found both for {', '.join(both)}.")
    _refuse_unknown(opened, (*drop, *swapped_ids))
    dropped = _with_replicates(opened, drop)
    fresh = _Fresh(opened)
    swaps = tuple(entry for id, settings in swapped_ids.items() for entry in _swap(opened, id, settings, campaign.space, fresh, reason))
    added = tuple(entry for settings in add for entry in _add(settings, campaign.space, fresh, reason, state.charter.batch.wells_each))
    _refuse_over_budget(state, len(added) - len(dropped))
    amended = BatchAmended(round=opened.number, dropped=dropped, swapped=swaps, added=added, reason=reason.strip())
    after = campaign.append([amended], on=state)
    changed = after.rounds[opened.number - 1]
    if campaign.workspace is not None:
        folder = campaign.workspace.round_folder(state.name, opened.number)
        write_durably(folder / "proposal.csv", proposal_csv(changed, after.charter).encode())
    messages = [f"Round {opened.number}: {len(dropped)} dropped, {len(swaps)} swapped, {len(added)} added; {len(changed.experiments)} experiments stand."]
    if opened.approval is not None:
        messages.append("Its approval is void: compile and approve again.")
    elif opened.compiled is not None:
        messages.append("Its protocol is void: compile again.")
    return Outcome(state=after, round=changed, messages=tuple(messages))


class _Fresh:
    """Ids that the round has never used: an id means one experiment for ever."""

    def __init__(self, opened: RoundState) -> None:
        used = [e.id for e in opened.proposal.experiments] + [s.into.id for a in opened.amendments for s in a.swapped] + [e.id for a in opened.amendments for e in a.added]
        self._round = opened.number
        self._last = max((int(id.rsplit("-", 1)[1]) for id in used if id.rsplit("-", 1)[-1].isdigit()), default=0)

    def __call__(self) -> str:
        self._last += 1
        return f"R{self._round:02d}-{self._last:03d}"


def _refuse_unknown(opened: RoundState, ids: Sequence[str]) -> None:
    known = [experiment.id for experiment in opened.experiments]
    unknown = [id for id in ids if id not in known]
    if unknown:
        raise DesignError(f"Expected experiments of round {opened.number}, found {', '.join(map(repr, unknown))}. {nearest(unknown[0], known)}")


def _with_replicates(opened: RoundState, ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(e.id for e in opened.experiments if e.id in ids or (e.role == "replicate" and e.repeat_of in ids))


def _swap(opened: RoundState, id: str, settings: Settings, space: SearchSpace, fresh: _Fresh, reason: str) -> list[Swapped]:
    place = next(experiment for experiment in opened.experiments if experiment.id == id)
    if place.role != "candidate":
        raise DesignError(f"Expected a candidate to swap, found {id}, a {place.role}. Swap the candidate (its replicates follow), or drop this well.")
    into = _by_hand(settings, space, fresh(), f"put in for {id}: {reason}")
    repeats = [e for e in opened.experiments if e.role == "replicate" and e.repeat_of == id]
    followers = [Swapped(out=e.id, into=into.model_copy(update={"id": fresh(), "role": "replicate", "repeat_of": into.id})) for e in repeats]
    return [Swapped(out=id, into=into), *followers]


def _add(settings: Settings, space: SearchSpace, fresh: _Fresh, reason: str, replicates: int) -> list[ProposedExperiment]:
    first = _by_hand(settings, space, fresh(), f"added: {reason}")
    return [first, *(first.model_copy(update={"id": fresh(), "role": "replicate", "repeat_of": first.id}) for _ in range(replicates - 1))]


def _by_hand(settings: Settings, space: SearchSpace, id: str, reason: str) -> ProposedExperiment:
    settings = space.whole(settings)
    reasons = space.reasons_against(settings)
    candidate = None
    if not reasons and space.candidates is not None:
        candidate = candidate_of(space, settings)
        if candidate is None:
            reasons = ["no row of the table of candidates has these settings"]
    if reasons:
        raise DesignError(f"Expected settings of the campaign's space, found {dict(settings)}: {'; '.join(reasons)}.")
    whole = {name: settings[name] for name in space.names}
    return ProposedExperiment(id=id, role="candidate", settings=whole, candidate=candidate, reason=reason[:2000])


def _refuse_over_budget(state: CampaignState, more: int) -> None:
    limit = state.charter.budget.experiments
    if limit is not None and more > 0 and experiments_used(state) + more > limit:
        raise ConflictError(f"Expected the round to stay within the budget of {limit} experiments, found {experiments_used(state)} used and {more} more. Drop others, or raise `experiments` under [budget].")
