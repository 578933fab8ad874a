"""`nextwell status`: who waits for what, and what to type next."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from .goal_lines import told_goals
from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import Voice, speaking

MOST_OF_FRONT = 12  # conditions shown on the command line

if TYPE_CHECKING:
    from ..state.campaign_state import CampaignState
    from ..verbs.open_campaign import OpenCampaign


def status(file: CampaignFile, workspace: WorkspaceFolder = DEFAULT_WORKSPACE, table: TableFile = None, as_json: AsJson = False) -> None:
    """Say where a campaign stands, what waits for whom, and the next command to type. Writes nothing."""
    with speaking("status", as_json=as_json) as voice:
        from ..state.standing import standing
        from ..state.status import counts, what_waits
        from ..verbs.approve import edited_after_approval, lab_file_changed
        from ..verbs.from_file import look_at_file
        from ..verbs.open_campaign import changes_since_opening

        opened = look_at_file(file, workspace=workspace, table=table)
        campaign = opened.campaign
        state = campaign.state()
        voice.told["campaign"] = campaign.charter.name
        voice.say(campaign.charter.name, style="bold")
        for wanted in told_goals(campaign.charter.goals, campaign.charter.join, campaign.charter.outcome_constraints):
            voice.say(f"  {wanted}")
        if state is not None:
            numbers = counts(state)
            voice.told["counts"] = asdict(numbers)
            allowed = f" of {numbers.experiments_allowed}" if numbers.experiments_allowed is not None else ""
            voice.say(
                f"  {numbers.rounds} rounds, {numbers.experiments_used}{allowed} experiments: {numbers.answered} read, {numbers.waiting} waited for, "
                f"{numbers.failed} failed; {numbers.past} past ones"
            )
            show_best(voice, campaign)
            changes = changes_since_opening(campaign)
            voice.told["changed_in_file"] = [str(change) for change in changes]
            voice.notes([f"The file has changed since the last command ({change}); the next command records it." for change in changes])
            waiting = [told for opened in state.rounds if not opened.approval for told in lab_file_changed(campaign, opened)]
            changed = [*edited_after_approval(campaign, state.rounds), *waiting]
            voice.told["changed_after_compiling"] = changed
            voice.notes(changed)
        if state is not None:
            show_honesty(voice, state)
        show_sources(voice, state)
        stands = standing(state)
        voice.told["certificate"] = stands.model_dump(mode="json")
        if stands.certified is not None:
            voice.say(f"  {stands.why}")
        assert campaign.workspace is not None
        folder = str(campaign.workspace.campaign_folder(campaign.charter.name))
        lines = what_waits(state, file=str(file), folder=folder)
        voice.told["waits"] = [asdict(line) for line in lines]
        for line in lines:
            voice.say(f"  {line.what}")
        if lines[0].command:
            voice.next_step(lines[0].command + where_option(workspace))
        campaign.close()


def show_sources(voice: Voice, state: CampaignState | None) -> None:
    """What became of each source of earlier data in the last proposal that was made with some."""
    from ..verbs.sources_of import told_of_sources

    told = next((lines for opened in reversed(state.rounds) if (lines := told_of_sources(opened.proposal))), ()) if state else ()
    voice.told["sources"] = list(told)
    for line in told:
        voice.say(f"  source {line}")


def show_honesty(voice: Voice, state: CampaignState) -> None:
    """How stored predictions fared, what the next batch will be told for it, and what the last batch was worth."""
    from ..verbs.honesty import honesty

    if not any(experiment.predictions for opened in state.rounds for experiment in opened.experiments):
        return
    told = honesty(state)
    voice.told["honesty"] = told.frame().to_dict("records")
    for line in told.lines:
        voice.say(f"  {line}")
    report = state.stopped or (state.rounds[-1].report if state.rounds else None)
    if report is not None:
        voice.told["stop"] = report.model_dump(mode="json")
        when = "Before the next round" if state.stopped else f"Before round {report.rounds + 1}"
        voice.say(f"  {when}: {report.advice}")


def where_option(workspace: object) -> str:
    """The option that names the workspace, where it is not the default one."""
    return "" if str(workspace) == str(DEFAULT_WORKSPACE) else f" -w {workspace}"


def show_best(voice: Voice, campaign: OpenCampaign) -> None:
    """The best so far, for each goal, and what may be better but lay beyond the reader's limit."""
    from ..state.best import best_so_far
    from ..state.beyond_limit import beyond_limit
    from ..state.dataset import dataset
    from ..state.front import front_of
    from ..state.hits import hits_so_far

    state = campaign.standing()
    found = best_so_far(state)
    voice.told["best"] = [asdict(best) for best in found]
    for best in found:
        settings = ", ".join(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in best.settings.items())
        voice.say(f"  best of {best.goal}: {best.value:.4g} {best.unit} ({best.experiment_id}: {settings})".replace("  (", " ("))
    hits = hits_so_far(state)
    voice.told["hits"] = [asdict(one) for one in hits]
    for one in hits:
        voice.say(f"  {one}")
    data = dataset(state)
    front = front_of(state, data)
    voice.told["front"] = None if front is None else asdict(front)
    if front is not None:
        voice.say(f"  front: {len(front.points)} of {front.compared} conditions are beaten in every goal by nothing; hypervolume {front.hypervolume:.3g} of 1")
        names = [goal.readout for goal in state.charter.goals]
        for point in front.points[:MOST_OF_FRONT]:
            told = ", ".join(f"{name} {value:.4g}" for name, value in zip(names, point.values, strict=True))
            voice.say(f"    {point.experiment_id}: {told}")
        if len(front.points) > MOST_OF_FRONT:
            voice.say(f"    … and {len(front.points) - MOST_OF_FRONT} more: report shows them all")
    if state.charter.outcome_constraints and not found:
        voice.say("  no best yet: nothing that was read keeps the outcome constraints" if len(data) else "  no best yet: nothing was read")
    hidden = [beyond for goal in state.charter.goals if (beyond := beyond_limit(goal, data)) is not None]
    voice.told["beyond_limit"] = [{"goal": str(beyond.goal), "side": beyond.side, "experiment_ids": list(beyond.experiment_ids)} for beyond in hidden]
    voice.notes(tuple(map(str, hidden)))
