"""`nextwell read`: what a results file holds, before or without any campaign."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import Exit
from .options import DEFAULT_WORKSPACE, AsJson, ChannelMap, RoundNumber, SheetName, VendorName, WorkspaceFolder
from .voice import Voice, speaking

if TYPE_CHECKING:
    from ..verbs.read import FileView

_MOST_PLATES_SHOWN = 4


def read(
    results: Annotated[Path, typer.Argument(metavar="FILE", help="The reader's file: a table (CSV, XLSX) or an instrument's own export.", show_default=False)],
    vendor: VendorName = None,
    sheet: SheetName = None,
    map: ChannelMap = None,
    plate_format: Annotated[int | None, typer.Option("--plate-format", metavar="WELLS", help="Wells of a plate: 6, 12, 24, 48, 96 or 384; else the first that fits.", show_default=False)] = None,
    replicates: Annotated[list[str] | None, typer.Option("--replicates", metavar="WELLS", help="Wells that should read alike: B2-B4 or B2,C2,D2; again for another set.")] = None,
    positive: Annotated[str, typer.Option("--positive", metavar="WELLS", help="Positive controls, for Z′.")] = "",
    negative: Annotated[str, typer.Option("--negative", metavar="WELLS", help="Negative controls, for Z′.")] = "",
    blank: Annotated[str, typer.Option("--blank", metavar="WELLS", help="Blank wells: their mean is subtracted in the statistics.")] = "",
    path_length_cm: Annotated[float | None, typer.Option("--path-length-cm", min=0.01, help="Bring blanked absorbances to 1 cm.", show_default=False)] = None,
    volume_ul: Annotated[float | None, typer.Option("--volume-ul", min=0.1, help="Volume in a well, for the path length; with --well-diameter-mm.", show_default=False)] = None,
    well_diameter_mm: Annotated[float | None, typer.Option("--well-diameter-mm", min=0.1, help="Inner diameter of a round, flat-bottomed well.", show_default=False)] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="PICTURE", help="Write heat maps: .svg, .png or .pdf.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="TIDY.csv", help="Write the readings as tidy CSV.", show_default=False)] = None,
    campaign: Annotated[Path | None, typer.Option("--campaign", metavar="CAMPAIGN.toml", help="Show how the file would join this campaign's wells; nothing is recorded.", show_default=False)] = None,
    plate: Annotated[str | None, typer.Option("--plate", metavar="NAME", help="With --campaign: the plate that the file is of.", show_default=False)] = None,
    offset_h: Annotated[float, typer.Option("--offset-h", metavar="HOURS", help="With --campaign: added to the reader's times.")] = 0.0,
    partial: Annotated[bool, typer.Option("--partial", help="With --campaign: the file lacks wells or times.")] = False,
    round: RoundNumber = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Show the plates, wells, measurements, times and marks of a results file, and what in it was not read."""
    with speaking("read", as_json=as_json) as voice:
        from ..ingest.channels import read_map
        from ..verbs.read import look_into

        mapping = read_map(map or ())
        view = look_into(results, plate_format=plate_format, vendor=vendor, sheet=sheet, mapping={} if campaign else mapping)
        _show(voice, view)
        _statistics(voice, view, replicates or [], positive=positive, negative=negative, blank=blank, path_cm=_path(path_length_cm, volume_ul, well_diameter_mm))
        if out is not None:
            _write_tidy(voice, view, out)
        if plot is not None:
            from ..report.pictures.file_plates import draw_file

            shown = draw_file(view, plot)
            voice.told["plot"] = str(plot)
            voice.say(f"Drew {shown} of {len(view.held)} plates and measurements: {plot}.")
        if campaign is not None:
            _join(voice, results, campaign, workspace=workspace, round=round, partial=partial, offset_h=offset_h, vendor=vendor, sheet=sheet, plate=plate, mapping=mapping)
        elif view.problems:
            raise typer.Exit(int(Exit.USAGE))


def _show(voice: Voice, view: FileView) -> None:
    from ..ingest.entries import told_unread
    from ..ingest.problems import told
    from ..verbs.read_texts import plate_text

    unread = told_unread(view.unread)
    voice.told |= {
        "file": view.name, "sha256": view.sha256, "dialect": view.dialect, "plate_format": view.format.size, "readings": len(view.readings),
        "held": [asdict(held) for held in view.held], "problems": [asdict(problem) for problem in view.problems], "unread": unread, "unread_cells": len(view.unread),
    }  # fmt: skip
    voice.say(f"{view.name}: {view.dialect}, {len(view.readings)} readings, plates of {view.format.size} wells (SHA-256 {view.sha256[:12]}…).", style="bold")
    voice.table(
        [
            {
                "plate": held.plate, "measurement": held.measurement, "unit": held.unit, "wells": held.wells,
                "times": f"{held.times} ({held.first_h:.4g}–{held.last_h:.4g} h)" if held.first_h is not None else "1",
                "range": f"{held.low:.4g} – {held.high:.4g}" if held.low is not None else "",
                "marks": ", ".join(f"{n} {what}" for n, what in ((held.above_limit, "above"), (held.below_limit, "below"), (held.failed, "lost")) if n),
            }
            for held in view.held[:40]
        ]
    )  # fmt: skip
    if len(view.held) > 40:
        voice.say(f"… and {len(view.held) - 40} more; --json lists them all.")
    for held in view.held[:_MOST_PLATES_SHOWN]:
        readings = view.last(held.plate, held.measurement)
        if readings and not any(one.sample for one in readings.values()):
            when = f" at {held.last_h:.4g} h" if held.last_h is not None else ""
            voice.say(f"\n{held.plate + ': ' if held.plate else ''}{held.measurement}{f' ({held.unit})' if held.unit else ''}{when}")
            voice.say(plate_text(readings, view.format))
    voice.notes(view.notes)
    for line in unread[:30]:
        voice.say(line, style="dim")
    if len(unread) > 30:
        voice.say(f"… and {len(unread) - 30} more reasons; --json lists them all.", style="dim")
    if view.problems:
        voice.say(f"{len(view.problems)} problems: as results of a campaign this file would be refused.", style="red")
        for line in told(view.problems)[:40]:
            voice.say(f"  {line}", style="red")


def _path(path_cm: float | None, volume_ul: float | None, diameter_mm: float | None) -> float | None:
    from world_model.terms.errors import ResultsError

    from ..ingest.path_length import path_length_cm

    if (volume_ul is None) != (diameter_mm is None) or (path_cm is not None and volume_ul is not None):
        raise ResultsError("Expected --path-length-cm alone, or --volume-ul with --well-diameter-mm.")
    return path_length_cm(volume_ul, diameter_mm) if volume_ul is not None and diameter_mm is not None else path_cm


def _statistics(voice: Voice, view: FileView, replicates: list[str], *, positive: str, negative: str, blank: str, path_cm: float | None) -> None:
    from world_model.terms.errors import ResultsError

    from ..ingest.replicates import told_sets
    from ..verbs.read import corrected, quality_in, sets_in, wells_of

    if bool(positive) != bool(negative):
        raise ResultsError("Expected --positive and --negative wells together, found one of them: Z′ needs both.")
    if not (replicates or positive or blank or path_cm is not None):
        return
    blanks = wells_of(blank, view.format) if blank else ()
    sets = {text: wells_of(text, view.format) for text in replicates}
    if positive:
        sets |= {"positive": wells_of(positive, view.format), "negative": wells_of(negative, view.format)}
    if blanks:
        sets["blank"] = blanks
    rows: list[dict[str, Any]] = []
    qualities: list[dict[str, Any]] = []
    for held in view.held:
        done = corrected(view, held.plate, held.measurement, blanks=blanks, path_cm=path_cm if held.unit in ("AU", "OD600") else None)
        voice.notes(done.told)
        found = sets_in(done.values, sets, measurement=held.measurement)
        rows += [{"plate": held.plate, **asdict(one)} for one in found]
        voice.notes(told_sets(found))
        if positive:
            quality = quality_in(done.values, sets["positive"], sets["negative"])
            qualities.append({"plate": held.plate, "measurement": held.measurement, **asdict(quality)})
    voice.told |= {"sets": rows, "assay": qualities}
    voice.table([{"plate": r["plate"], "measurement": r["measurement"], "wells": r["name"], "n": r["n"], "mean": r["mean"], "sd": r["sd"], "CV": f"{r['cv']:.1%}" if r["cv"] is not None else "", "far off": ", ".join(o["well"] for o in r["outliers"])} for r in rows], title="Replicates at the last time")
    voice.table([{"plate": q["plate"], "measurement": q["measurement"], "Z′": q["z_prime"], "signal window": q["signal_window"], "signal/background": q["signal_to_background"], "n": f"{q['positives']} + {q['negatives']}"} for q in qualities], title="Assay quality")


def _write_tidy(voice: Voice, view: FileView, out: Path) -> None:
    from world_model.terms.errors import ResultsError

    from ..verbs.read_texts import tidy_csv

    try:
        out.write_text(tidy_csv(view.readings), encoding="utf-8")
    except OSError as fault:
        raise ResultsError(f"Expected to write {out}, found: {fault.strerror}.") from fault
    voice.told["out"] = str(out)
    voice.say(f"Wrote {len(view.readings)} readings to {out}.", style="green")


def _join(voice: Voice, results: Path, file: Path, *, workspace: Path, round: int | None, partial: bool, offset_h: float, vendor: str | None, sheet: str | None, plate: str | None, mapping: dict[str, str]) -> None:
    from ..verbs.from_file import look_at_file
    from ..verbs.record import HowToRead, join_content

    opened = look_at_file(file, workspace=workspace).campaign
    how = HowToRead(vendor=vendor, sheet=sheet, plate=plate, mapping=mapping)
    joined = join_content(opened.standing(), results.read_bytes(), name=results.name, round=round, partial=partial, offset_h=offset_h, how=how)
    rounds = [one.number for one in joined.rounds]
    voice.told["join"] = {"rounds": rounds, "plates": list(joined.result.plates), "readings": len(joined.result.readings), "new": len(joined.fresh), "failed": dict(joined.failed)}
    voice.say(f"Joins round {', '.join(map(str, rounds)) or '–'}: {len(joined.result.readings)} readings of {', '.join(joined.result.plates) or 'experiments'}, {len(joined.fresh)} of them new. Nothing was recorded.", style="green")
    voice.notes(joined.messages)
    opened.close()
