"""`nextwell what-if`: plans for the rest of an experiment, compared under the same hypotheses."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import Voice, speaking

if TYPE_CHECKING:
    from world_model.what_if import WhatIf


class ClaimName(StrEnum):
    """What the answer may be used for."""

    certified = "certified"
    exploration = "exploration"


class MethodName(StrEnum):
    """weights: hypotheses count by how well they explain the readings; covariance: they are moved onto them."""

    weights = "weights"
    covariance = "covariance"


def what_if(
    file: CampaignFile,
    experiment: Annotated[str, typer.Option("--experiment", "-e", metavar="ID", help="The experiment under way, or a proposed one.", show_default=False)],
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="[NAME:] FACTOR=VALUE,…", help='A plan, by what it changes: --set "late: induction=4".')] = None,
    plan: Annotated[Path | None, typer.Option("--plan", metavar="PLAN.toml", help="A file with a table [plans.NAME] for each plan.", show_default=False)] = None,
    until: Annotated[float | None, typer.Option("--until", metavar="H", help="Now, in hours; later readings are held back. Else the last reading.", show_default=False)] = None,
    claim: Annotated[ClaimName, typer.Option("--claim", help="certified needs a certificate of level 3; exploration needs none, and the answer says so.")] = ClaimName.certified,
    method: Annotated[MethodName, typer.Option("--method", help="How a model that is known by draws alone uses the readings.")] = MethodName.weights,
    goal: Annotated[int, typer.Option("--goal", min=1, help="Which of the campaign's goals ranks the plans.")] = 1,
    draws: Annotated[int, typer.Option("--draws", min=20, help="Hypotheses of the world, shared by all plans.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """What would an experiment do under another plan for the rest of it: the readout, its difference, and who is best."""
    with speaking("what-if", as_json=as_json) as voice:
        from world_model.terms.errors import DesignError

        from ..report.pictures.what_if import draw_what_if
        from ..verbs.from_file import look_at_file
        from ..verbs.plan_texts import read_plans
        from ..verbs.what_if import ask_what_if

        campaign = look_at_file(file, workspace=workspace, table=table).campaign
        if goal > (count := len(campaign.charter.goals)):
            raise DesignError(f"Expected --goal from 1 to {count}, found {goal}.")
        plans = read_plans(changes or [], plan, campaign.space)
        told = ask_what_if(
            campaign, experiment=experiment, plans=plans, until_h=until, goal=goal - 1, n=draws, seed=seed,
            claim=claim.value, method=method.value, progress=voice.progress,
        )  # fmt: skip
        _show(voice, told, experiment)
        charter, at = campaign.charter, campaign.workspace
        assert at is not None
        if len(told.times_h) > 1:
            picture = draw_what_if(told, charter.measurements, name=f"what_if_{experiment}", zero=charter.zero)
            written = picture.write_png(at.campaign_folder(charter.name))
            voice.told["files"] = [str(written)]
            voice.say(f"Picture: {written}", style="green")
        campaign.close()


def _show(voice: Voice, told: WhatIf, experiment: str) -> None:
    readout, difference = told.told, told.differences
    rows = [
        {
            "plan": name, "readout": float(readout.mean[p]), "low": float(readout.low[p]), "high": float(readout.high[p]),
            "difference": float(difference.mean[p]), "difference_low": float(difference.low[p]), "difference_high": float(difference.high[p]),
            "best_in": float(told.best[p]), "settings": told.settings[p], "out_of_range": bool(told.out_of_range[p]), "leak_sd": float(told.leak[p]),
        }
        for p, name in enumerate(told.plans)
    ]  # fmt: skip
    now = told.history.now_h
    voice.told |= {
        "experiment": experiment, "now_h": now if now >= 0 else None, "readings": int(told.history.read.sum()), "goal": str(told.goal), "plans": rows,
        "ranking": list(told.ranking), "claim": told.claim, "draws": len(told.values),
    }  # fmt: skip
    shown = [
        {
            "plan": row["plan"], "readout": f"{row['readout']:.4g} [{row['low']:.4g}, {row['high']:.4g}]",
            "against as planned": "" if p == 0 else f"{row['difference']:+.4g} [{row['difference_low']:+.4g}, {row['difference_high']:+.4g}]",
            "best in": f"{row['best_in']:.0%}",
        }
        for p, row in enumerate(rows)
    ]  # fmt: skip
    when = f"at {now:g} h, {voice.told['readings']} readings" if now >= 0 else "not begun"
    voice.table(shown, title=f"{experiment} ({when}): {told.goal}; mean [90 %]")
    voice.notes(told.doubts)
    voice.say(told.claim, style="dim")
