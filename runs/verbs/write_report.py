"""Write a campaign's report, beside random where a simulated lab can tell what random would have found."""

from __future__ import annotations

from pathlib import Path

from world_model.terms.errors import ConflictError
from world_model.terms.lab import Lab

from ..baseline import RandomBaseline, random_baseline
from ..loop import past_of
from ..state.progress import is_simulated
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent
from .simulated_lab import simulated_lab


def write_report_of(campaign: OpenCampaign, *, lab_spec: str | None = None, seeds: int = 5, progress: Progress = silent) -> Path:
    """Write the report into the workspace; returns its file.

    Args:
        lab_spec: the simulated lab that answered, where the campaign file does not say.
        seeds: random campaigns to compare with; 0 for none.

    Raises:
        ConflictError: nothing has been read yet, or there is no workspace.
    """
    state = campaign.standing()
    lab = simulated_lab(campaign, lab_spec) if is_simulated(state) else None
    baseline = compare_with_random(campaign, lab, seeds=seeds, progress=progress) if lab is not None and seeds and state.rounds else None
    return write_compared_report(campaign, lab, baseline, progress=progress)


def compare_with_random(campaign: OpenCampaign, lab: Lab, *, seeds: int, progress: Progress = silent) -> RandomBaseline:
    """Random campaigns with the same rounds as this one."""
    state = campaign.standing()
    candidates = [sum(experiment.role == "candidate" for experiment in opened.experiments) for opened in state.rounds]
    return random_baseline(
        charter=state.charter, space=campaign.space, lab=lab, lab_file=campaign.lab, candidates=candidates, seeds=range(seeds), past=past_of(state),
        progress=progress,
    )  # fmt: skip


def write_compared_report(campaign: OpenCampaign, lab: Lab | None, baseline: RandomBaseline | None, *, progress: Progress = silent) -> Path:
    """Write the report beside a baseline that is there already.

    Raises:
        ConflictError: nothing has been read yet, or there is no workspace.
    """
    from ..report.report import write_report

    state = campaign.standing()
    if campaign.workspace is None:
        raise ConflictError("Expected a workspace folder for the report, found a campaign in memory. Open it with workspace=….")
    if not state.answered:
        raise ConflictError(f"Expected results to report on, found none in {state.name!r}. Record some first.")
    progress("writing the report")
    return write_report(
        state, folder=campaign.workspace.report_folder(state.name), space=campaign.space, lab=lab, baseline=baseline, mechanism=mechanism_of(campaign),
        progress=progress,
    )  # fmt: skip
