"""The bench sheet as PDF, for printers and for records. The same content gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import assert_never
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import HexColor, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, KeepTogether, PageBreak, PageTemplate, Spacer, TableStyle
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from .blocks import Block, HandRound, Paragraph, SheetPage, Shown, Sign, Steps, Table
from .fonts import BOLD, MONO, SANS, register_fonts
from .pdf_picture import drawing

MARGIN = 14 * mm
WIDTH = A4[0] - 2 * MARGIN
_BODY = ParagraphStyle("body", fontName=SANS, fontSize=8.6, leading=11.4)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=7.4, leading=9.4)
_NUMBER = ParagraphStyle("number", parent=_SMALL, alignment=2)
_HASH = ParagraphStyle("hash", parent=_SMALL, fontName=MONO, fontSize=6.8)
_TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=17, leading=21)
_HEAD = ParagraphStyle("head", fontName=BOLD, fontSize=11, leading=14, spaceBefore=11, spaceAfter=3)
_ROUND = ParagraphStyle("round", fontName=BOLD, fontSize=9.2, leading=12, spaceBefore=8, spaceAfter=2)
_CAPTION = ParagraphStyle("caption", parent=_SMALL, textColor=HexColor("#555555"), spaceAfter=4)
_LINE, _PALE, _AMBER, _WARM = HexColor("#444444"), HexColor("#d8d8d8"), HexColor("#d98e04"), HexColor("#fff4d6")
_WELLS_A_LINE = 8
_PADDING = 4


def sheet_pdf(page: SheetPage) -> bytes:
    """The page as PDF bytes, with page numbers and the approval's hash on every page."""
    register_fonts()
    story: list[Flowable] = [_header(page)]
    if page.notes:
        story.append(_notes(page))
    for section in page.sections:
        if section.new_page:
            story.append(PageBreak())
        head = Text(escape(section.title), _HEAD)
        first, rest = section.blocks[0], section.blocks[1:]
        # a table may be longer than a page: its heading asks for room for some rows only
        together = isinstance(first, Shown | Sign)
        story += [KeepTogether([head, *_parts(first)])] if together else [CondPageBreak(40 * mm), head, *_parts(first)]
        story += [part for block in rest for part in ([KeepTogether(_parts(block))] if isinstance(block, Shown | Sign) else _parts(block))]
    story += [Spacer(1, 6 * mm), Text(escape(page.footer), _CAPTION)]
    buffer = io.BytesIO()
    frame = Frame(MARGIN, MARGIN, WIDTH, A4[1] - 2 * MARGIN - 5 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document = BaseDocTemplate(buffer, pagesize=A4, title=f"{page.plate} · bench sheet", author="nextwell", invariant=1)
    document.addPageTemplates([PageTemplate(frames=[frame], onPage=lambda canvas, _: _running_head(canvas, page))])
    document.build(story)
    return buffer.getvalue()


def _running_head(canvas: Canvas, page: SheetPage) -> None:
    canvas.saveState()
    canvas.setFont(SANS, 7)
    canvas.setFillColor(HexColor("#555555"))
    top = A4[1] - 10 * mm
    canvas.drawString(MARGIN, top, page.plate)
    canvas.drawRightString(A4[0] - MARGIN, top, f"page {canvas.getPageNumber()}")
    if page.whole:
        canvas.setFont(MONO, 6.4)
        canvas.drawString(MARGIN, 8 * mm, page.whole)
    canvas.restoreState()


def _header(page: SheetPage) -> Flowable:
    asks = Text("<br/>".join(f"{escape(ask)} ________________" for ask in page.asks), ParagraphStyle("asks", parent=_BODY, leading=16))
    left = [Text(escape(page.plate), _TITLE), Text(escape(page.objective), _BODY)]
    return Grid([[left, asks]], colWidths=[WIDTH - 62 * mm, 62 * mm], style=TableStyle([("VALIGN", (0, 0), (-1, -1), "BOTTOM"), ("LINEBELOW", (0, 0), (-1, -1), 1.5, black), ("LEFTPADDING", (0, 0), (0, 0), 0)]))


def _notes(page: SheetPage) -> Flowable:
    rows = [[Text(f'<font name="{BOLD}">{escape(note.rule)}</font> · {escape(note.text)}', _SMALL)] for note in page.notes]
    style = TableStyle([("BOX", (0, 0), (-1, -1), 1.2, _AMBER), ("BACKGROUND", (0, 0), (-1, -1), HexColor("#fffaf0")), ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)])
    return Grid(rows, colWidths=[WIDTH], style=style, spaceBefore=8, spaceAfter=2)


def _parts(block: Block) -> list[Flowable]:
    match block:
        case Paragraph():
            return [Text(escape(block.text), _BODY)]
        case Steps():
            return [_steps(block)]
        case Table():
            return [_table(block)]
        case Shown():
            picture = drawing(block.picture, width=WIDTH * block.share, height=118 * mm)
            return [Spacer(1, 2 * mm), picture, *([Text(escape(block.caption), _CAPTION)] if block.caption else [])]
        case HandRound():
            return _hand_round(block)
        case Sign():
            return [_sign(line) for line in block.lines]
        case _:
            assert_never(block)


def _tick(size: float = 8.5) -> Drawing:
    return Drawing(size + 1, size, Rect(0.5, -1, size - 1, size - 1, fillColor=None, strokeColor=black, strokeWidth=0.9))


def _steps(block: Steps) -> Flowable:
    rows, style = [], [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, _PALE), ("TOPPADDING", (0, 0), (-1, -1), 3), ("BOTTOMPADDING", (0, 0), (-1, -1), 3)]
    for number, step in enumerate(block.steps):
        timer = Text(f"timer {escape(step.timer)}", _NUMBER) if step.timer else ""
        rows.append([_tick(), Text(escape(step.time), ParagraphStyle("time", parent=_BODY, fontName=BOLD)), Text(escape(step.text), _BODY), timer])
        if step.moves:
            style += [("BACKGROUND", (0, number), (-1, number), _WARM), ("LINEBEFORE", (0, number), (0, number), 3, _AMBER)]
    return Grid(rows, colWidths=[6 * mm, 16 * mm, WIDTH - 50 * mm, 28 * mm], style=TableStyle(style), spaceAfter=3)


def _table(block: Table) -> Flowable:
    whole = sum(column.share for column in block.columns)
    tick = 6 * mm if block.tick else 0
    shares = [(WIDTH - tick) * column.share / whole for column in block.columns]
    widths = [*([tick] if block.tick else []), *word_widths(shares, [_longest_word(block, number) + 2 * _PADDING + 0.5 for number in range(len(shares))])]
    head = [*([""] if block.tick else []), *(Text(f'<font name="{BOLD}">{escape(column.name)}</font>', _NUMBER if column.numeric else _SMALL) for column in block.columns)]
    rows = [head]
    for row in block.rows:
        cells = []
        for cell, column in zip(row, block.columns, strict=True):
            style = _NUMBER if column.numeric else _HASH if column.name == "SHA-256" else _SMALL
            text = escape(cell.replace(" ", "\u00a0") if column.numeric and len(cell) < 12 else cell)
            cells.append(Text(f'<font name="{BOLD}">{text}</font>' if column.bold else text, style))
        rows.append([*([_tick(7.5)] if block.tick else []), *cells])
    told = TableStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, 0), 1, _LINE), ("LINEBELOW", (0, 1), (-1, -1), 0.4, _PALE),
        ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2), ("LEFTPADDING", (0, 0), (-1, -1), _PADDING), ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
    ])  # fmt: skip
    return Grid(rows, colWidths=widths, repeatRows=1, style=told, spaceBefore=3, spaceAfter=4)


def _longest_word(block: Table, number: int) -> float:
    """Points that a column needs so that no word of it is broken; a hash is set in its own letters and stands in the widest column."""
    column = block.columns[number]
    if column.name == "SHA-256":
        return 0.0
    head = max((stringWidth(word, BOLD, _SMALL.fontSize) for word in column.name.split()), default=0.0)
    font = BOLD if column.bold else SANS
    cells = (row[number] for row in block.rows)
    words = (word for cell in cells for word in ([cell] if column.numeric and len(cell) < 12 else cell.split(" ")))
    return max(head, max((stringWidth(word, font, _SMALL.fontSize) for word in words), default=0.0))


def word_widths(shares: Sequence[float], needs: Sequence[float]) -> list[float]:
    """Columns as wide as their shares, but none narrower than its longest word: what lacks is taken from what others have to spare.

    Where the words need more than there is, the shares stay and a word may break.
    """
    spare = [max(share - need, 0.0) for share, need in zip(shares, needs, strict=True)]
    lacks = sum(max(need - share, 0.0) for share, need in zip(shares, needs, strict=True))
    if lacks > sum(spare):
        return list(shares)
    part = lacks / sum(spare) if lacks else 0.0
    return [max(share, need) - part * more for share, need, more in zip(shares, needs, spare, strict=True)]


def _hand_round(block: HandRound) -> list[Flowable]:
    """The plate drawn, then a line for each setting of the pipette; the first setting stays with the plate."""
    head: list[Flowable] = [Text(escape(block.title), _ROUND)]
    if block.picture is not None:
        head.append(drawing(block.picture, width=WIDTH * 0.62, height=74 * mm))
    dials: list[Flowable] = []
    for number, dial in enumerate(block.dials):
        if number == 0 or dial.tip != block.dials[number - 1].tip:
            dials += [CondPageBreak(14 * mm), Text(escape(dial.tip), _CAPTION)] if number else [Text(escape(dial.tip), _CAPTION)]
        # U+2610, an empty ballot box: a drawing in each of some hundred cells takes seconds
        cells: list[object] = [Text(f'<font size="10.5">\u2610</font>\u00a0{escape(well)}', _BODY) for well in dial.wells]
        cells += [""] * (-len(cells) % _WELLS_A_LINE)
        lines = [cells[i : i + _WELLS_A_LINE] for i in range(0, len(cells), _WELLS_A_LINE)]
        setting = Text(f'<font name="{BOLD}">{escape(dial.setting)}</font>', _BODY)
        rows = [[setting if i == 0 else "", *line] for i, line in enumerate(lines)]
        wide = (WIDTH - 40 * mm) / _WELLS_A_LINE
        told = TableStyle([
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("SPAN", (0, 0), (0, -1)), ("LINEBELOW", (0, -1), (-1, -1), 0.4, _PALE), ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ])  # fmt: skip
        dials.append(Grid(rows, colWidths=[40 * mm, *([wide] * _WELLS_A_LINE)], style=told))
    return [KeepTogether([*head, *dials[:2]]), *dials[2:]]


def _sign(line: str) -> Flowable:
    style = TableStyle([("LINEBELOW", (1, 0), (1, 0), 0.8, black), ("LINEBELOW", (3, 0), (3, 0), 0.8, black), ("VALIGN", (0, 0), (-1, -1), "BOTTOM"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return Grid([[Text(escape(line), _BODY), "", Text("Date", _BODY), ""]], colWidths=[32 * mm, WIDTH - 92 * mm, 14 * mm, 46 * mm], rowHeights=[12 * mm], style=style)
