"""The bench sheet: one HTML page that prints well and needs nothing else, and the same page as PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from world_model.terms.lab_profile import LabProfile

from ..finding import Finding
from ..intent import ProtocolIntent
from ..plan import PhysicalPlan, RobotStage
from ..schedule.order import Schedule
from .blocks import SheetPage
from .markup import PAGE
from .page import sheet_page
from .picture import Picture, svg


def sheet_html(page: SheetPage) -> str:
    """The page as text."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def drawn(picture: Picture) -> Markup:
        return Markup(svg(picture))  # svg() escapes every text and title

    text = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(PAGE)
    return text.render(page=page, drawn=drawn, kind_of=lambda block: type(block).__name__)


def bench_sheet(
    intent: ProtocolIntent, plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile, *, files: Mapping[str, str], whole: str,
    findings: Sequence[Finding], engine: str = "", schedule: Schedule | None = None, start: datetime | None = None, today: date | None = None,
) -> str:  # fmt: skip
    """The sheet as HTML; arguments as in `page.sheet_page`."""
    return sheet_html(
        sheet_page(intent, plan, robot, lab, files=files, whole=whole, findings=findings, engine=engine, schedule=schedule, start=start, today=today)
    )
