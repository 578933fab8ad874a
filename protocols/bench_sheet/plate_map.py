"""The plate as a picture: one circle a well, coloured by role, or with what a person pipettes into it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from ..labware import Labware, labware
from ..layout.record import LayoutRecord
from ..plan import PhysicalPlan
from .picture import Box, Disc, Picture, Rule, Words, svg

# Colour-blind-safe fills (Paul Tol's "light" scheme), and a letter so that a grey print still tells the roles apart.
ROLE_COLOURS = {
    "candidate": "#77aadd", "replicate": "#99ddff", "control": "#eedd88", "calibration": "#ee8866", "blank": "#ffffff", "unused": "#e8e8e8",
}  # fmt: skip
ROLE_LETTERS = {"candidate": "", "replicate": "r", "control": "c", "calibration": "k", "blank": "b", "unused": "·"}
_SCALE = 6.0
_TOP, _LEFT = 26.0, 26.0


def plate_map(plan: PhysicalPlan, record: LayoutRecord | None = None) -> Picture:
    """The plate map with a legend; wells lie where the maker's definition puts them. With a record, lines part its blocks and
    zones are named above their columns."""
    plate = labware(plan.plate_labware)
    used = {well.well: well for well in plan.wells}
    shapes = _frame(plate)
    for name in plate.wells:
        x, y, radius = _centre(plate, name)
        well = used.get(name)
        if well is None:
            shapes.append(Disc(x=x, y=y, radius=radius, stroke="#bbbbbb", dashed=True, title=f"{name}: empty"))
            continue
        shapes.append(Disc(x=x, y=y, radius=radius, fill=ROLE_COLOURS[well.role], title=f"{name}: {well.experiment_id or 'filled'} ({well.role})"))
        shapes.append(_inside(_label(well.experiment_id) or ROLE_LETTERS[well.role], x, y, radius))
        if well.experiment_id and ROLE_LETTERS[well.role] and radius > 10:
            shapes.append(Words(x=x, y=y + radius * 0.8, text=ROLE_LETTERS[well.role], size=radius * 0.45, anchor="middle"))
    if record is not None:
        shapes += _parted(plate, record)
    x, bottom = _LEFT, _TOP + plate.width_mm * _SCALE
    for role in dict.fromkeys(sorted((well.role for well in plan.wells), key=list(ROLE_COLOURS).index)):
        count = sum(well.role == role for well in plan.wells)
        text = f"{role if role != 'unused' else 'filled, not used'}: {count}"
        shapes.append(Disc(x=x + 9, y=bottom + 24, radius=8, fill=ROLE_COLOURS[role]))
        shapes.append(Words(x=x + 24, y=bottom + 29, text=text, size=15))
        x += 44 + 8.2 * len(text)
    return Picture(name="plate map", width=plate.length_mm * _SCALE + 2 * _LEFT, height=bottom + 44, shapes=tuple(shapes))


def plate_map_svg(plan: PhysicalPlan, record: LayoutRecord | None = None) -> str:
    """The plate map as SVG."""
    return svg(plate_map(plan, record))


def _parted(plate: Labware, record: LayoutRecord) -> list[Box | Disc | Words | Rule]:
    """A line between blocks, and each zone's name with its values inside the upper rim."""
    found: list[Box | Disc | Words | Rule] = []
    blocks = [next((record.block[well] for well in column if well in record.block), 0) for column in plate.columns]
    seen = [(i, block) for i, block in enumerate(blocks) if block]
    for (i, one), (j, other) in pairwise(seen):
        if one != other:
            x = (_centre(plate, plate.columns[i][0])[0] + _centre(plate, plate.columns[j][0])[0]) / 2
            found.append(Rule(x1=x, y1=_TOP + 4, x2=x, y2=_TOP + plate.width_mm * _SCALE - 4, stroke="#aa3377"))
    for zone in dict.fromkeys(record.zone.values()):
        columns = [i for i, column in enumerate(plate.columns) if any(record.zone.get(well) == zone for well in column)]
        values = ", ".join(f"{name} {value:g}" if isinstance(value, int | float) else f"{name} {value}" for name, value in record.zone_values.get(zone, {}).items())
        x = sum(_centre(plate, plate.columns[i][0])[0] for i in (columns[0], columns[-1])) / 2
        found.append(Words(x=x, y=_TOP + 16, text=f"{zone}: {values}" if values else zone, size=13, anchor="middle"))
    return found


def volume_map(load_name: str, volumes_nl: Mapping[str, int], *, name: str) -> Picture:
    """Wells with the microlitres that go into them; all others are pale."""
    plate = labware(load_name)
    shapes = _frame(plate)
    most = max(volumes_nl.values(), default=1)
    for well in plate.wells:
        x, y, radius = _centre(plate, well)
        if well not in volumes_nl:
            shapes.append(Disc(x=x, y=y, radius=radius, stroke="#dddddd"))
            continue
        # pale blue for little, darker for much; the number is what counts
        shade = 0.96 - 0.22 * volumes_nl[well] / most
        fill = f"#{round(255 * (shade - 0.08)):02x}{round(255 * shade):02x}fa"
        shapes.append(Disc(x=x, y=y, radius=radius, fill=fill, title=f"{well}: {volumes_nl[well] / 1000:g} µL"))
        shapes.append(_inside(f"{volumes_nl[well] / 1000:g}", x, y, radius))
    return Picture(name=name, width=plate.length_mm * _SCALE + 2 * _LEFT, height=plate.width_mm * _SCALE + _TOP + 8, shapes=tuple(shapes))


def _frame(plate: Labware) -> list[Box | Disc | Words | Rule]:
    height = plate.width_mm * _SCALE
    shapes: list[Box | Disc | Words | Rule] = [Box(x=_LEFT, y=_TOP, width=plate.length_mm * _SCALE, height=height, fill="#fafafa", stroke="#444444", radius=14)]
    for i, column in enumerate(plate.columns):
        shapes.append(Words(x=_centre(plate, column[0])[0], y=_TOP - 8, text=str(i + 1), size=15, anchor="middle"))
    for name in plate.columns[0]:
        shapes.append(Words(x=_LEFT - 12, y=_centre(plate, name)[1] + 5, text=name.rstrip("0123456789"), size=15, anchor="middle"))
    # the notched corners of a plate are on the side of A1
    shapes.append(Rule(x1=_LEFT, y1=_TOP + 22, x2=_LEFT + 22, y2=_TOP, stroke="#444444"))
    return shapes


def _centre(plate: Labware, well: str) -> tuple[float, float, float]:
    """x, y and radius of a well on the picture."""
    shape = plate.wells[well]
    return _LEFT + shape.x_mm * _SCALE, _TOP + (plate.width_mm - shape.y_mm) * _SCALE, shape.width_mm * _SCALE / 2


def _inside(text: str, x: float, y: float, radius: float) -> Words:
    size = min(radius * 0.75, 1.9 * radius / max(len(text) * 0.62, 1))
    return Words(x=x, y=y + size * 0.35, text=text, size=size, anchor="middle")


def _label(experiment_id: str) -> str:
    """`R01-007` → `007`: the round is the plate's."""
    return experiment_id.rsplit("-", 1)[-1][-5:]
