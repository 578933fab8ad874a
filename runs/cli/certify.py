"""`nextwell certify`: which claims the model's evidence supports, as a model card."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import speaking


def certify(
    file: CampaignFile,
    lab: Annotated[str | None, typer.Option("--lab", metavar="LAB", help="The simulated lab that answered; else as the campaign file says.", show_default=False)] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=0, help="Random campaigns that plans are compared with, where a simulated lab answers; below 3 for none.")] = 5,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Judge the model on held-out records and write its model card: the level that its evidence supports, and what is missing."""
    with speaking("certify", as_json=as_json) as voice:
        from ..verbs.certify import certify_campaign
        from ..verbs.from_file import open_file
        from ..verbs.simulated_lab import table_of

        campaign = open_file(file, workspace=workspace, table=table or table_of(lab)).campaign
        found = certify_campaign(campaign, lab_spec=lab, seeds=seeds, progress=voice.progress)
        certificate = found.certificate
        voice.told |= {
            "campaign": campaign.charter.name, "level": certificate.level, "level_name": certificate.name, "card": str(found.files[0]),
            "levels": [rung.model_dump(mode="json") for rung in certificate.levels],
        }  # fmt: skip
        voice.table(
            [{"level": f"L{rung.level} {rung.name}", "held": "yes" if rung.held else "no", "why": rung.why} for rung in certificate.levels],
            title=f"{certificate.picked}: level {certificate.level}, {certificate.name}",
        )
        missing = next((rung.needed for rung in certificate.levels if not rung.held and rung.needed), "")
        if missing:
            voice.say(f"For the next level: {missing}")
        voice.say(f"Model card: {found.files[0]}", style="green")
        campaign.close()
