"""`nextwell demo`: a whole campaign, from a campaign file to a report, with a simulated lab."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson
from .status import show_best
from .voice import Voice, speaking

if TYPE_CHECKING:
    from world_model.terms.lab import Lab

    from ..baseline import RandomBaseline
    from ..verbs.open_campaign import OpenCampaign


def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the demo is kept; one that was stopped goes on where it stood.")] = Path("demo"),
    rounds: Annotated[int | None, typer.Option("--rounds", min=1, help="Rounds now; else until the budget is spent.", show_default=False)] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Random campaigns to compare with.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Run the shipped example: four plates of E. coli, proposed, compiled, verified, answered by a simulated lab, learnt from."""
    with speaking("demo", as_json=as_json) as voice:
        from ..state.budget import is_spent
        from ..state.status import counts
        from ..verbs.copy_example import copy_example
        from ..verbs.from_file import open_file
        from ..verbs.run_loop import run_loop
        from ..verbs.simulated_lab import simulated_lab
        from ..verbs.write_report import compare_with_random, write_compared_report

        file = copy_example("microplate.toml", folder, goes_with=("microplate_lab.toml",))
        workspace = folder / "lab"
        campaign = open_file(file, workspace=workspace).campaign
        voice.say(f"Campaign file: {file}", style="bold")
        lab = simulated_lab(campaign, None)
        assert lab is not None and campaign.workspace is not None
        state = campaign.standing()
        if not is_spent(state):
            outcome = run_loop(campaign, lab, rounds=rounds, progress=voice.progress)
            state = outcome.state
            voice.notes(outcome.messages)
        baseline = compare_with_random(campaign, lab, seeds=seeds, progress=voice.progress)
        report = write_compared_report(campaign, lab, baseline, progress=voice.progress)
        numbers = counts(state)
        robot_files = [campaign.workspace.round_folder(state.name, opened.number) / stage.file for opened in state.rounds if opened.compiled for stage in opened.compiled.stages]
        voice.told |= {"campaign": state.name, "counts": asdict(numbers), "report": str(report), "robot_files": [str(file) for file in robot_files]}
        voice.say(f"{numbers.rounds} rounds, {numbers.experiments_used} wells.")
        show_best(voice, campaign)
        show_against_random(voice, campaign, lab, baseline)
        voice.say(f"Robot files and bench sheets: {campaign.workspace.campaign_folder(state.name)}/round-*/ ({len(robot_files)} robot files)")
        voice.say(f"Report: {report}", style="bold green")
        campaign.close()


def show_against_random(voice: Voice, campaign: OpenCampaign, lab: Lab, baseline: RandomBaseline) -> None:
    """How the campaign did beside campaigns by chance, in true values and experiments."""
    from ..loop import best_true_curves
    from ..report.by_chance import by_chance

    state = campaign.standing()
    for i, (goal, curve) in enumerate(zip(state.charter.goals, best_true_curves(state, lab), strict=True)):
        compared = by_chance(curve, baseline.best_true[i], goal)
        if compared is None:
            continue
        told = {
            "goal": str(goal), "budget": compared.budget, "random_campaigns": compared.runs, "best_true": compared.loop_final,
            "random_median": compared.random_final, "random_as_good": compared.runs_that_matched,
            "random_reached_its_best_after": compared.random_needed, "reached_that_after": compared.loop_needed,
        }  # fmt: skip
        voice.told.setdefault("against_random", []).append(told)
        sooner = f"reached random's final best after {compared.loop_needed} wells, random after {compared.random_needed}" if compared.loop_needed else "did not reach random's final best"
        voice.say(
            f"  against {compared.runs} random campaigns of {compared.budget} wells ({goal}): best true value {compared.loop_final:.4g}, random's median "
            f"{compared.random_final:.4g}; {compared.runs_that_matched} of them did as well; it {sooner}."
        )
