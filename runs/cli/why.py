"""`nextwell why` and `nextwell why-not`: the reasons for and against an experiment."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import speaking


def why(
    file: CampaignFile,
    experiment: Annotated[str, typer.Argument(metavar="ID", help="A proposed experiment, R02-003.", show_default=False)],
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Say why an experiment was proposed: its prediction, what it exploits and explores, the nearest past runs, and the factors that matter."""
    with speaking("why", as_json=as_json) as voice:
        from ..verbs.from_file import look_at_file
        from ..verbs.why import why as explain

        campaign = look_at_file(file, workspace=workspace, table=table).campaign
        told = explain(campaign, experiment, progress=voice.progress)
        voice.told |= {"experiment": told.experiment.model_dump(mode="json"), "lines": told.lines, **_numbers(told)}
        for line in told.lines:
            voice.say(line)
        campaign.close()


def why_not(
    file: CampaignFile,
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="FACTOR=VALUE,…", help="Settings, in one option or several; what is left out stays as in the best experiment.")] = None,
    candidate: Annotated[str | None, typer.Option("--candidate", metavar="LABEL", help="Or a row of the table of candidates.", show_default=False)] = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what keeps an experiment out: a constraint, the bench, the plate, an earlier measurement, or what is expected of it and its rank."""
    with speaking("why-not", as_json=as_json) as voice:
        from ..verbs.from_file import look_at_file
        from ..verbs.settings_text import read_settings
        from ..verbs.why_not import why_not as explain

        campaign = look_at_file(file, workspace=workspace, table=table).campaign
        settings = {name: value for text in changes or () for name, value in read_settings(text, campaign.space).items()}
        told = explain(campaign, settings or None, candidate=candidate, progress=voice.progress)
        voice.told |= {"settings": told.settings, "against": list(told.against), "lines": told.lines, **_numbers(told)}
        for line in told.lines:
            voice.say(line)
        campaign.close()


def _numbers(told: Any) -> dict[str, Any]:
    """Place, neighbours and factors as plain data."""
    place, factors = told.place, told.factors
    found: dict[str, Any] = {
        "near": [{"id": one.run.id, "distance": one.run.distance, "differs": one.run.differs, "read": one.read} for one in told.near],
        "factors": [
            {"factor": one.factor, "alone": one.alone, "low": one.low, "high": one.high, "with_others": one.with_others} for one in (factors.factors if factors else ())
        ],
    }  # fmt: skip
    if place is not None:
        found["place"] = {
            "mean": float(place.state.mean), "sd": float(place.state.sd), "best": place.best, "rank": place.rank, "of": place.of,
            "exploration": place.split.exploration if place.split else None, "beats_best": place.split.beats if place.split else None,
        }  # fmt: skip
    return found
