"""Labels for plates, dilution plates and tubes: as a sheet to print, and as CSV for a label printer's own software."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from world_model.terms.lab_profile import LabProfile

from ..emitters.plain_text import csv_text
from ..plan import PhysicalPlan
from ..volumes import shown
from .label_text import SEE_SHEET, SMALLEST_PT, Width, fitted, gravest_first, signal_word
from .stock_use import contains, tube_uses

COLUMNS = ("kind", "title", "line_1", "line_2", "line_3", "hazards", "code")
GAP_PT = 1.8


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label. `code` is what its QR code holds: a plate's id alone, so that a scanner types what a results file must name."""

    kind: str
    title: str
    lines: tuple[str, str, str]
    hazards: str
    code: str


@dataclass(frozen=True, kw_only=True)
class LabelLine:
    """One printed line."""

    text: str
    bold: bool
    size_pt: float


@dataclass(frozen=True, kw_only=True)
class LabelSheet:
    """A sheet of labels on A4, in millimetres. The default is the common one of 3 × 7 (Avery L7160)."""

    columns: int = 3
    rows: int = 7
    width_mm: float = 63.5
    height_mm: float = 38.1
    left_mm: float = 7.2
    top_mm: float = 15.1
    gap_mm: float = 2.5


def labels(plan: PhysicalPlan, lab: LabProfile, *, whole: str, day: date | None) -> tuple[Label, ...]:
    """The plate, dilution plates, and every tube that is drawn from. `whole` is the hash that an approval binds."""
    on = day.isoformat() if day is not None else ""
    found = [Label(kind="plate", title=plan.plate, lines=(f"{sum(bool(w.experiment_id) for w in plan.wells)} experiments", on, whole[:16]), hazards="", code=plan.plate)]
    for name in plan.dilution_plates:
        count = sum(len(dilution.wells) for dilution in plan.dilutions if dilution.plate == name)
        codes = list({code for dilution in plan.dilutions if dilution.plate == name for stock in plan.made_of(dilution.name) for code in lab.stock(stock).hazards or ()})
        found.append(Label(kind="dilutions", title=name, lines=(f"of {plan.plate}", f"{count} wells", on), hazards=" ".join(gravest_first(codes)), code=f"{plan.plate}/{name}"))
    for use in tube_uses(plan, lab):
        stock = use.stock
        lot = " ".join(part for part in (f"lot {stock.lot}" if stock.lot else "", f"until {stock.expires.isoformat()}" if stock.expires is not None else "") if part)
        hazards = "hazards not stated" if stock.hazards is None else " ".join(gravest_first(stock.hazards))
        lines = (contains(stock) if stock.components else "", f"{use.place}, {shown(use.provide_nl)}", lot or on)
        found.append(Label(kind="tube", title=stock.name, lines=lines, hazards=hazards, code="|".join((stock.name, stock.lot, use.place))))
    return tuple(found)


def labels_csv(told: Sequence[Label]) -> str:
    """One label a row."""
    return csv_text(COLUMNS, [(label.kind, label.title, *label.lines, label.hazards, label.code) for label in told])


def label_lines(label: Label, *, regular: Width, bold: Width, wide_pt: float, room_pt: float, height_pt: float) -> tuple[LabelLine, ...]:
    """What is printed on a label: the title over its whole width, the rest beside the code, two lines for each at most; hazards get all that is left."""
    told: list[LabelLine] = []

    def put(text: str, width: Width, size: float, room: float, height: float, ending: str) -> None:
        made = fitted(text, width, size_pt=size, room_pt=room, height_pt=height, gap_pt=GAP_PT, ending=ending)
        told.extend(LabelLine(text=line, bold=width is bold, size_pt=made.size_pt) for line in made.lines)

    put(label.title, bold, 11.0, wide_pt, 2 * (SMALLEST_PT + GAP_PT) + 6, "…")
    for line in label.lines:
        if line:
            put(line, regular, 7.5, room_pt, 2 * (SMALLEST_PT + GAP_PT), SEE_SHEET)
    if label.hazards:
        left = height_pt - sum(line.size_pt + GAP_PT for line in told)
        put(label.hazards, bold, 7.5, room_pt, left, f"{signal_word(label.hazards.split())}: {SEE_SHEET}")
    return tuple(told)


def labels_pdf(told: Sequence[Label], *, sheet: LabelSheet | None = None, skip: int = 0) -> bytes:
    """The labels on A4 sheets, row by row; the first `skip` places are left empty, for a sheet that was begun."""
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfbase.pdfmetrics import stringWidth
    from reportlab.pdfgen.canvas import Canvas

    from .fonts import BOLD, SANS, register_fonts

    register_fonts()
    sheet = sheet or LabelSheet()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle("labels")

    def width(font: str, text: str, size: float) -> float:
        return float(stringWidth(text, font, size))

    side = min(20 * mm, sheet.height_mm * mm - 8 * mm)
    for number, label in enumerate(told, start=skip):
        place = number % (sheet.columns * sheet.rows)
        if place == 0 and number > skip:
            canvas.showPage()
        row, column = divmod(place, sheet.columns)
        x = (sheet.left_mm + column * (sheet.width_mm + sheet.gap_mm)) * mm + 2.5 * mm
        top = A4[1] - (sheet.top_mm + row * sheet.height_mm) * mm - 3 * mm
        room = sheet.width_mm * mm - side - 6.5 * mm
        y = top
        for line in label_lines(label, regular=partial(width, SANS), bold=partial(width, BOLD), wide_pt=sheet.width_mm * mm - 5 * mm, room_pt=room, height_pt=(sheet.height_mm - 5) * mm):
            canvas.setFont(BOLD if line.bold else SANS, line.size_pt)
            y -= line.size_pt + GAP_PT
            canvas.drawString(x, y, line.text)
        qr = QrCodeWidget(label.code, barLevel="M")
        left, bottom, right, upper = qr.getBounds()
        drawing = Drawing(side, side, transform=[side / (right - left), 0, 0, side / (upper - bottom), 0, 0])
        drawing.add(qr)
        renderPDF.draw(drawing, canvas, x + room + 1.5 * mm, top - 16 - side)
    canvas.save()
    return buffer.getvalue()
