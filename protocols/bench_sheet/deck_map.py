"""The deck as a picture: what stands in which slot, and which stock in which place."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ..labware import deck_slots, labware
from ..plan import RobotStage

_WIDTH, _HEIGHT, _GAP = 250.0, 108.0, 8.0
_FILLS = {"plate": "#dbe9f6", "holder": "#fdf1d0", "tips": "#eeeeee"}
_LINES = 4  # in each of two columns


def deck_map_svg(stage: RobotStage) -> str:
    """The Flex's deck seen from the front: row D is nearest to the person."""
    rows = sorted({slot[0] for slot in deck_slots()})
    columns = sorted({slot[1:] for slot in deck_slots()})
    items = {item.slot: item for item in stage.deck}
    parts = []
    for slot in deck_slots():
        x = columns.index(slot[1:]) * (_WIDTH + _GAP) + _GAP
        y = rows.index(slot[0]) * (_HEIGHT + _GAP) + _GAP
        item = items.get(slot)
        fill = "#cccccc" if slot == stage.trash else _FILLS[item.kind] if item else "none"
        dash = "" if item or slot == stage.trash else ' stroke-dasharray="4 4"'
        parts.append(f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{fill}" stroke="#555"{dash}/>')
        parts.append(f'<text x="{x + 8}" y="{y + 19}" font-size="15" font-weight="bold">{slot}</text>')
        lines = ["trash"] if slot == stage.trash else []
        if item is not None:
            title = labware(item.load_name).title
            parts.append(f'<text x="{x + 36}" y="{y + 19}" font-size="13" font-weight="bold">{escape(_short(item.name or "tips", 28))}</text>')
            parts.append(f'<text x="{x + 8}" y="{y + 35}" font-size="10.5" fill="#444">{escape(_short(title, 44))}</text>')
            if item.kind == "holder":
                lines = [f"{well}: {load.liquid}" for load in stage.loads if load.slot == slot for well in load.wells]
            elif item.kind == "tips":
                used = sum(move.tip is not None and move.tip.slot == slot for move in stage.moves)
                lines = [f"{used} of {len(labware(item.load_name).wells)} tips used"]
        if len(lines) > 2 * _LINES:
            lines = [*lines[: 2 * _LINES - 1], f"and {len(lines) - 2 * _LINES + 1} more"]
        columns_of_text = 2 if len(lines) > _LINES else 1
        for i, line in enumerate(lines):
            left = x + 8 + (i // _LINES) * (_WIDTH / 2 - 4)
            parts.append(f'<text x="{left}" y="{y + 53 + 15 * (i % _LINES)}" font-size="12.5">{escape(_short(line, 36 // columns_of_text))}</text>')
    width, height = len(columns) * (_WIDTH + _GAP) + _GAP, len(rows) * (_HEIGHT + _GAP) + _GAP
    body = "\n".join(parts)
    view = f'viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view} font-family="Helvetica, Arial, sans-serif" role="img" aria-label="deck">\n{body}\n</svg>\n'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
