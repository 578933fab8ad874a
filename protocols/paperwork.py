"""What a person gets beside the robot files: bench sheet, labels, order list, cost, and when each step is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from world_model.terms.goals import Measurement
from world_model.terms.lab_profile import LabProfile

from .bench_sheet.blocks import SheetPage
from .bench_sheet.cost import CostEstimate, cost
from .bench_sheet.labels import Label, labels, labels_csv
from .bench_sheet.order_list import order_list_csv
from .bench_sheet.page import sheet_page
from .bench_sheet.plate_map import plate_map_svg
from .bench_sheet.sheet import sheet_html
from .draft import Draft
from .finding import Finding
from .schedule.missed import missed_readings
from .schedule.order import Schedule
from .schedule.plan_times import schedule_plates
from .schedule.stage_times import plate_work


@dataclass(frozen=True)
class Paperwork:
    """One plate's papers. Texts and PDFs are drawn when they are asked for.

    Attributes:
        page: the bench sheet, before it is drawn as HTML or PDF.
        tags: what goes onto plates and tubes.
        schedule: every step with its start and end, machines and hands shared.
        findings: notes that need the schedule, e.g. readings that fall while the plate is out.
        estimate: what the plate costs; what has no price is named.
        seconds: stage → how long its pipetting takes, estimated.
        tips: how many the stages take; None where nothing counts them.
    """

    page: SheetPage
    tags: tuple[Label, ...]
    schedule: Schedule
    findings: tuple[Finding, ...]
    estimate: CostEstimate
    seconds: dict[str, float]
    tips: int | None
    order_list_csv: str
    plate_map_svg: str

    @property
    def sentence(self) -> str:
        """Time, tips and cost in a line; all three are estimates but the tips."""
        times = ", ".join(f"{stage} {_told(seconds)}" for stage, seconds in self.seconds.items())
        tips = f" {self.tips} tips." if self.tips is not None else ""
        cost = f" Cost {self.estimate}." if self.estimate.lines else " No price is in the lab file (price_per_ml, [prices]), so no cost is told."
        return f"Pipetting takes about: {times}.{tips}{cost}"

    @cached_property
    def sheet_html(self) -> str:
        return sheet_html(self.page)

    @cached_property
    def sheet_pdf(self) -> bytes:
        from .bench_sheet.pdf import sheet_pdf  # a lazy door: reportlab costs half a second

        return sheet_pdf(self.page)

    @cached_property
    def labels_csv(self) -> str:
        return labels_csv(self.tags)

    @cached_property
    def labels_pdf(self) -> bytes:
        from .bench_sheet.labels import labels_pdf  # a lazy door, as above

        return labels_pdf(self.tags)


def draw_up(
    draft: Draft, lab: LabProfile, *, files: Mapping[str, str], whole: str, engine: str, day: date | None, run_s: float | None,
    measurements: Sequence[Measurement] = (), context: Mapping[str, float | str] | None = None,
) -> Paperwork:  # fmt: skip
    """The papers of a plate.

    Args:
        files: file name → SHA-256. `whole`: what an approval binds.
        engine: what read the files back.
        run_s: how long the plate is read, from the campaign's zero; else the last reading counts as a minute.
        measurements, context: what the campaign reads, and what it keeps fixed.

    Raises:
        Refused: the steps can't be ordered so that every window is kept.
    """
    work = plate_work(draft.intent, draft.plan, draft.robot, lab, run_s=run_s)
    schedule = schedule_plates([work])
    missed = tuple(missed_readings(schedule, measurements))
    page = sheet_page(
        draft.intent, draft.plan, draft.robot, lab, files=files, whole=whole, findings=(*draft.findings, *missed), engine=engine, schedule=schedule,
        today=day, record=draft.record, measurements=measurements, context=context,
    )  # fmt: skip
    return Paperwork(
        page=page, tags=labels(draft.plan, lab, whole=whole, day=day), schedule=schedule, findings=missed, estimate=cost(draft.plan, draft.robot, lab),
        seconds=dict(work.stage_s), tips=sum(sum(stage.tips_used.values()) for stage in draft.robot) if draft.robot else None,
        order_list_csv=order_list_csv(draft.plan, draft.robot, lab), plate_map_svg=plate_map_svg(draft.plan, draft.record),
    )  # fmt: skip


def _told(seconds: float) -> str:
    minutes = max(round(seconds / 60), 1)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
