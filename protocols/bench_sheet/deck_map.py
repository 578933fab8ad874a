"""The deck as a picture: what stands in which slot, and which stock in which place."""

from __future__ import annotations

from ..labware import labware, slot_positions
from ..plan import RobotStage
from .picture import Box, Disc, Picture, Rule, Words, shortened

_WIDTH, _HEIGHT, _GAP = 250.0, 108.0, 8.0
_FILLS = {"plate": "#dbe9f6", "holder": "#fdf1d0", "dilutions": "#e3f1df", "tips": "#eeeeee"}
_LINES = 4  # in each of two columns


def deck_map(stage: RobotStage) -> Picture:
    """The robot's deck seen from the front, slots where the maker's deck definition has them."""
    corners = slot_positions(stage.robot)
    columns, rows = (sorted({round(corner[axis]) for corner in corners.values()}) for axis in (0, 1))
    items = {item.slot: item for item in stage.deck}
    shapes: list[Box | Disc | Words | Rule] = []
    for slot, corner in corners.items():
        x = columns.index(round(corner[0])) * (_WIDTH + _GAP) + _GAP
        y = (len(rows) - 1 - rows.index(round(corner[1]))) * (_HEIGHT + _GAP) + _GAP
        item = items.get(slot)
        fill = "#cccccc" if slot == stage.trash else _FILLS[item.kind] if item else "none"
        shapes.append(Box(x=x, y=y, width=_WIDTH, height=_HEIGHT, fill=fill, radius=6, dashed=item is None and slot != stage.trash))
        shapes.append(Words(x=x + 8, y=y + 19, text=slot, size=15, bold=True))
        lines = ["trash"] if slot == stage.trash else []
        if item is not None:
            shapes.append(Words(x=x + 36, y=y + 19, text=shortened(item.name or "tips", 28), size=13, bold=True))
            shapes.append(Words(x=x + 8, y=y + 35, text=shortened(labware(item.load_name).title, 44), size=10.5, fill="#444444"))
            lines = _lines(stage, slot)
        if len(lines) > 2 * _LINES:
            lines = [*lines[: 2 * _LINES - 1], f"and {len(lines) - 2 * _LINES + 1} more"]
        columns_of_text = 2 if len(lines) > _LINES else 1
        for i, line in enumerate(lines):
            left = x + 8 + (i // _LINES) * (_WIDTH / 2 - 4)
            shapes.append(Words(x=left, y=y + 53 + 15 * (i % _LINES), text=shortened(line, 36 // columns_of_text), size=12.5))
    return Picture(name="deck", width=len(columns) * (_WIDTH + _GAP) + _GAP, height=len(rows) * (_HEIGHT + _GAP) + _GAP, shapes=tuple(shapes))


def _lines(stage: RobotStage, slot: str) -> list[str]:
    item = stage.item(slot)
    if item.kind == "holder":
        return [f"{well}: {load.liquid}" for load in stage.loads if load.slot == slot for well in load.wells]
    if item.kind == "dilutions":
        targets = dict.fromkeys((move.well, move.stock) for move in stage.moves if move.target_slot == slot)
        return [f"{len({well for well, _ in targets})} wells are filled by the robot; put it there empty"] if stage.minute == 0 else ["as the set-up left it"]
    if item.kind == "tips":
        used = sum(move.channels for move in stage.moves if move.tip is not None and move.tip.slot == slot)
        racks = 1 + sum(refill.slots.count(slot) for refill in stage.refills)
        return [f"{used} of {len(labware(item.load_name).wells) * racks} tips used"] + ([f"changed {racks - 1} times when the robot asks"] if racks > 1 else [])
    return ["empty plate" if stage.minute == 0 else "with what it holds"]
