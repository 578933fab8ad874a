"""Close the loop with a simulated lab: propose, compile, approve by policy, answer, record, and again."""

from __future__ import annotations

from world_model.terms.errors import ConflictError
from world_model.terms.lab import Lab

from ..state.best import best_so_far
from ..state.budget import is_spent
from ..state.campaign_state import CampaignState
from ..state.hits import hits_so_far
from ..state.payloads import StopReached
from ..state.progress import is_simulated, unfinished_rounds
from .answer import answer
from .approve import approve_simulated
from .compile_round import compile_round
from .open_campaign import OpenCampaign
from .outcome import Outcome, Progress, silent
from .propose import Strategy, plan_round, put_round
from .record import record_content


def run_loop(
    campaign: OpenCampaign, lab: Lab, *, rounds: int | None = None, n: int | None = None, strategy: Strategy = "auto", progress: Progress = silent
) -> Outcome:
    """Run rounds until `rounds` of them are finished here, the budget is spent, or a rule to stop by is met. An open
    round is finished first.

    Where the campaign names a lab file each plate is compiled, verified and written as for a robot; the journal records
    `policy: simulated` in place of a person.

    Raises:
        ConflictError: a real lab has answered in this campaign, or the budget was spent before anything was run.
    """
    state = campaign.standing()
    if any(not source.simulated for source in state.sources.values()) and not is_simulated(state) and state.rounds:
        raise ConflictError(
            f"Expected a campaign that only simulated labs answer, found results of a real one in {state.name!r}: the two must not mix. "
            f"Give the campaign file another `name` to simulate."
        )
    messages: list[str] = []
    finished = 0
    while rounds is None or finished < rounds:
        if not unfinished_rounds(state):
            if finished and is_spent(state):
                break
            planned = plan_round(campaign, n=n, strategy=strategy, progress=progress)
            if planned.report is not None and planned.report.stop:
                state = campaign.append([StopReached(report=planned.report)], on=planned.state)
                messages += [planned.report.advice, *(found.why for found in planned.report.findings if found.met)]
                break
            proposed = put_round(campaign, planned)
            state = proposed.state
            messages += proposed.messages
        for opened in unfinished_rounds(state):
            state = _finish(campaign, lab, opened.number, messages, progress)
            finished += 1
        for best in best_so_far(state):
            progress(f"after round {len(state.rounds)}: best of {best.goal}: {best.value:.4g} {best.unit}".rstrip())
        for hits in hits_so_far(state):
            progress(f"after round {len(state.rounds)}: {hits}")
        if rounds is None and state.charter.budget.experiments is None and state.charter.budget.rounds is None:
            messages.append("The campaign names no budget, so one round was run. Say --rounds for more.")
            break
    if is_spent(state):
        messages.append("The budget is spent.")
    return Outcome(state=state, round=state.rounds[-1] if state.rounds else None, messages=tuple(dict.fromkeys(messages)))


def _finish(campaign: OpenCampaign, lab: Lab, number: int, messages: list[str], progress: Progress) -> CampaignState:
    state = campaign.standing()
    opened = state.rounds[number - 1]
    if campaign.lab is not None and opened.compiled is None:
        compiled = compile_round(campaign, round=number, progress=progress)
        state, messages[len(messages) :] = compiled.state, compiled.messages
    if campaign.lab is not None and state.rounds[number - 1].approval is None:
        state = approve_simulated(campaign, round=number).state
    opened = state.rounds[number - 1]
    progress(f"round {number}: the {lab.name} lab carries out {len(opened.experiments)} experiments")
    file = answer(lab, state, opened, campaign.space)
    recorded = record_content(campaign, file.text.encode(), name=file.name, round=number, simulated=True)
    messages[len(messages) :] = [f"Round {number}: {message}" for message in recorded.messages]
    return recorded.state
