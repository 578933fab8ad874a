"""`nextwell synthesize`: a data set that the model made, marked as such."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, TableFile, WorkspaceFolder
from .voice import speaking


class TableFormat(StrEnum):
    """How tables are written."""

    csv = "csv"
    parquet = "parquet"


class Drawn(StrEnum):
    """What is drawn."""

    reading = "reading"
    state = "state"


def synthesize(
    file: CampaignFile,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="A new or empty folder.", show_default=False)],
    n: Annotated[int, typer.Option("-n", "--n", min=1, max=1_000_000, help="Experiments, drawn evenly from the campaign's space.")] = 200,
    settings: Annotated[Path | None, typer.Option("--settings", metavar="FILE.csv", help="The experiments' settings instead, a column a factor.", show_default=False)] = None,
    of: Annotated[Drawn, typer.Option("--of", help="reading: with the reader's noise; state: without it.")] = Drawn.reading,
    hypotheses: Annotated[int, typer.Option("--hypotheses", min=1, help="Worlds that each 512 experiments take turns in.")] = 16,
    format: Annotated[TableFormat, typer.Option("--format", help="Of the tables.")] = TableFormat.csv,
    licence: Annotated[str | None, typer.Option("--licence", metavar="TEXT", help="Under which licence others may use it, e.g. CC-BY-4.0.", show_default=False)] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Write a synthetic data set of the campaign's model: tables, schema, provenance, card and RO-Crate."""
    with speaking("synthesize", as_json=as_json) as voice:
        from ..verbs.from_file import look_at_file
        from ..verbs.synthesize import NOT_STATED, read_settings_file, synthesize_campaign

        campaign = look_at_file(file, workspace=workspace, table=table).campaign
        told = synthesize_campaign(
            campaign, out, n=n, seed=seed, hypotheses=hypotheses, of=of.value, settings=read_settings_file(settings, campaign.space) if settings else None,
            format=format.value, licence=licence or NOT_STATED, progress=voice.progress,
        )  # fmt: skip
        guard = told.guard
        voice.told |= {
            "campaign": campaign.charter.name, "files": [str(path) for path in told.files], "experiments": len(told.made.drawn),
            "out_of_range": int((told.made.drawn.far > 1).sum()), "model_sha256": told.made.model_sha256, "data_sha256": told.made.data_sha256,
            "guard": None if guard is None else {"answer": guard.answer, "why": guard.why},
        }  # fmt: skip
        voice.say(f"{len(told.made.drawn):,} synthetic experiments (a simulator result, no measurements) in {out}", style="green")
        voice.say(f"Learning from them: {guard.why}" if guard else "Learning from them: not judged, for too few distinct interventions were measured.")
        campaign.close()
