"""Compile a round: robot files, bench sheet, well list and transfer list, checked and written to the round's folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from world_model.terms.errors import ConflictError, ProtocolError

from ..journal.canonical import sha256_of
from ..journal.raw_files import write_durably
from ..journal.workspace import slug
from ..state.campaign_state import CampaignState, RoundState
from ..state.payloads import CompiledStage, ProtocolCompiled, WrittenFile
from ..state.progress import is_answered, the_round
from .constraints_kept import told_broken
from .open_campaign import LabFile, OpenCampaign
from .outcome import Outcome, Progress, silent

if TYPE_CHECKING:
    from protocols.checks.hazards import Attendance
    from protocols.verify import Verification

_FILE_NAME = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,63}$")


def plate_id(campaign: str, number: int) -> str:
    """The plate of a round: what the results file must name."""
    return f"{slug(campaign)}-R{number:02d}"


def lab_of(campaign: OpenCampaign) -> LabFile:
    """The campaign's lab file.

    Raises:
        ConflictError: it names none, so there is no protocol to compile or approve.
    """
    if campaign.lab is None:
        raise ConflictError(
            f"Expected a lab file for {campaign.charter.name!r}, found none named: there is no protocol to write. "
            f'Add `lab = "lab.toml"` to the campaign file, or record results by experiment_id.'
        )
    return campaign.lab


def compile_round(
    campaign: OpenCampaign, *, day: date | None = None, round: int | None = None, inoculum_od600: float | None = None, target: str | None = None,
    attendance: Attendance = "attended", own_layout: Mapping[str, str] | None = None, progress: Progress = silent,
) -> Outcome:  # fmt: skip
    """Compile a round's plate and write its files; an earlier compilation and its approval are void.

    Args:
        day: on which the plate is made, today unless told: no stock may be past its last day.
        inoculum_od600: OD600 of the cells as measured this morning; else the lab file's expected one.
        target: one of the lab file's machines; its [robot] unless told.
        attendance: whether a person stays beside the machine: unknown hazards forbid to leave it alone.
        own_layout: well → experiment id, which is checked and kept; else a layout is drawn.

    Raises:
        ConflictError: no lab file, no such machine in it, or the round has results.
        ProtocolError: the plate can't be made, with every reason; or an emitted file failed its checks. Nothing is written.
    """
    state = campaign.standing()
    lab = lab_of(campaign)
    opened = the_round(state, round)
    read = [experiment.id for experiment in opened.experiments if is_answered(state, experiment.id)]
    if read:
        raise ConflictError(f"Expected a round without results, found {len(read)} experiments of round {opened.number} answered. What was pipetted is not compiled again.")
    if not opened.experiments:
        raise ConflictError(f"Expected experiments in round {opened.number}, found all of them dropped. Add some with nextwell amend --add.")
    if campaign.workspace is None:
        raise ConflictError("Expected a workspace folder for the robot files, found a campaign in memory. Open it with workspace=….")
    from protocols.compile import compile_plate

    plate = compile_plate(
        plate=plate_id(state.name, opened.number), experiments=opened.experiments, space=campaign.space, lab=lab.profile,
        seed=state.charter.seed, inoculum_od600=inoculum_od600, system=state.charter.system, drawn_ul=drawn_before(state, opened.number), target=target,
        day=day or date.today(), attendance=attendance, own_layout=own_layout, run_s=_reading_s(state),
        measurements=state.charter.measurements, context=state.charter.context, progress=progress,
    )  # fmt: skip
    texts: dict[str, str | bytes] = {
        **{stage.file: stage.robot_file for stage in plate.stages}, **plate.also, "wells.csv": plate.wells_csv, "transfers.csv": plate.transfers_csv,
        "plate_map.csv": plate.plate_map_csv, "bench_sheet.html": plate.papers.sheet_html, "bench_sheet.pdf": plate.papers.sheet_pdf,
        "plate_map.svg": plate.plate_map_svg, "labels.pdf": plate.papers.labels_pdf, "labels.csv": plate.papers.labels_csv,
        "order_list.csv": plate.papers.order_list_csv,
        "layout.json": json.dumps(plate.record.as_dict(), indent=1, ensure_ascii=False) + "\n",
    }  # fmt: skip
    folder = campaign.workspace.round_folder(state.name, opened.number)
    compiled = ProtocolCompiled(
        round=opened.number, plate=plate.plate, layout=plate.layout, planned=plate.planned, protocol_sha256=plate.sha256,
        stages=tuple(CompiledStage(name=stage.name, at_h=stage.at_h, file=stage.file) for stage in plate.stages),
        files=_write_all(folder, texts, before=opened), lab_sha256=campaign.raw.keep(lab.text.encode(), suffix=".toml"),
        volume_ul=lab.profile.plate.volume_ul, inoculum_od600=inoculum_od600, findings=tuple(map(str, plate.findings)),
        verified=_told(plate.verification), drawn_ul=plate.drawn_ul, target=plate.target,
    )  # fmt: skip
    after = campaign.append([compiled], on=state)
    return Outcome(state=after, round=after.rounds[opened.number - 1], messages=(plate.papers.sentence, *compiled.findings, *told_broken(campaign.space, opened.experiments, plate.planned), *_voided(opened)))


def drawn_before(state: CampaignState, number: int) -> dict[str, float]:
    """Stock → µL that the approved plates of other rounds take: a stock that is provided once may run dry."""
    drawn: dict[str, float] = {}
    for other in state.rounds:
        if other.number != number and other.compiled is not None and other.approval is not None:
            for stock, volume_ul in other.compiled.drawn_ul.items():
                drawn[stock] = drawn.get(stock, 0.0) + volume_ul
    return drawn


def _told(verification: Verification) -> dict[str, object]:
    """What the check of the emitted files found, as plain data."""
    return {
        "engine": verification.engine, "stages": verification.stages, "commands": verification.commands, "wells": verification.wells,
        "largest_gap_nl": verification.largest_gap_nl,
    }  # fmt: skip


def _reading_s(state: CampaignState) -> float | None:
    """How long plates are read, from the campaign's zero; None for end points."""
    hours = [hour for measurement in state.charter.measurements for hour in measurement.at_h]
    return max(hours) * 3600 if hours else None


def _write_all(folder: Path, texts: Mapping[str, str | bytes], *, before: RoundState) -> tuple[WrittenFile, ...]:
    """Write the files, each whole or not at all; a robot file of an earlier compilation does not stay behind."""
    for name in texts:
        if not _FILE_NAME.match(name):
            raise ProtocolError(f"Expected a plain file name for a stage, found {name!r}.")
    if before.compiled is not None:
        for stale in before.compiled.files:
            if stale.name not in texts:
                (folder / stale.name).unlink(missing_ok=True)
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in texts.items()}
    for name, content in contents.items():
        write_durably(folder / name, content)
    return tuple(WrittenFile(name=name, sha256=sha256_of(content)) for name, content in sorted(contents.items()))


def _voided(before: RoundState) -> tuple[str, ...]:
    return (f"The approval of round {before.number} is void: approve again.",) if before.approval is not None else ()
