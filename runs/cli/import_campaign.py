"""`nextwell import-campaign`: a campaign of another planner, from its own file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from world_model.terms.errors import NextwellError

from .options import AsJson
from .voice import speaking


class Planner(StrEnum):
    """Whose file it is."""

    baybe = "baybe"
    ax = "ax"
    bofire = "bofire"


def import_campaign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The other planner's JSON.", show_default=False)],
    source: Annotated[Planner, typer.Option("--from", help="Whose file it is.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where campaign.toml and results.csv are written. Overwrites nothing.")] = Path(),
    results: Annotated[Path | None, typer.Option("--results", metavar="TABLE", help="The measurements as CSV or Parquet, where the JSON does not hold them (BayBE, BoFire).", show_default=False)] = None,
    descriptors: Annotated[list[str] | None, typer.Option("--descriptors", metavar="FACTOR=TABLE", help="Descriptors of a custom parameter (BayBE); its first column holds the levels. Repeatable.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Carry a campaign over from BayBE, Ax or BoFire, which need not be installed. What can't be carried over is listed."""
    with speaking("import-campaign", as_json=as_json) as voice:
        moved = _moved(source, file, results, descriptors or [])
        written = moved.write(out)
        voice.told |= {"files": [str(path) for path in written], "left_out": list(moved.left_out), "campaign": moved.doc["name"]}
        for path in written:
            voice.say(f"Written: {path}", style="green")
        for sentence in moved.left_out:
            voice.say(f"Not carried over: {sentence}", style="yellow")
        if len(written) > 1:
            voice.say(f"Then: nextwell import {written[0]} {written[1]}")
        voice.next_step(f"check {written[0]}")


def _moved(source: Planner, file: Path, results: Path | None, descriptors: list[str]) -> Any:
    import pandas as pd

    from ..importers.from_ax import from_ax
    from ..importers.from_baybe import from_baybe
    from ..importers.from_bofire import from_bofire

    def table(path: Path) -> pd.DataFrame:
        try:
            return pd.read_parquet(path) if path.suffix.lower() == ".parquet" else pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
        except Exception as fault:  # pandas and pyarrow raise their own kinds
            raise NextwellError(f"Expected a table at {path}, found {str(fault).splitlines()[0]}.") from fault

    told = table(results) if results is not None else None
    if told is not None:
        told = told[[column for column in told.columns if not str(column).startswith("Unnamed")]]
    if descriptors and source is not Planner.baybe:
        raise NextwellError(f"Expected no --descriptors for {source.value}, found some: its file holds them.")
    match source:
        case Planner.ax:
            if told is not None:
                raise NextwellError("Expected no --results for ax, found some: its file holds them.")
            return from_ax(file)
        case Planner.bofire:
            return from_bofire(file, experiments=told)
        case Planner.baybe:
            pairs = [text.partition("=") for text in descriptors]
            if bad := [text for text, (name, sign, path) in zip(descriptors, pairs, strict=True) if not (name and sign and path)]:
                raise NextwellError(f"Expected --descriptors FACTOR=TABLE, found {bad[0]!r}.")
            frames = {name: table(Path(path)).pipe(lambda frame: frame.set_index(frame.columns[0])) for name, _, path in pairs}
            return from_baybe(file, measurements=told, descriptors=frames)
