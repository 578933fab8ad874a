"""The plate as a picture: one circle a well, coloured by role."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ..labware import labware
from ..plan import PhysicalPlan

# Colour-blind-safe fills (Paul Tol's "light" scheme), and a letter so that a grey print still tells the roles apart.
ROLE_COLOURS = {
    "candidate": "#77aadd", "replicate": "#99ddff", "control": "#eedd88", "calibration": "#ee8866", "blank": "#ffffff", "unused": "#e8e8e8",
}  # fmt: skip
ROLE_LETTERS = {"candidate": "", "replicate": "r", "control": "c", "calibration": "k", "blank": "b", "unused": "·"}
_SCALE = 6.0
_TOP, _LEFT = 26.0, 26.0


def plate_map_svg(plan: PhysicalPlan) -> str:
    """The plate map with a legend; wells lie where the maker's definition puts them."""
    plate = labware(plan.plate_labware)
    width, height = plate.length_mm * _SCALE, plate.width_mm * _SCALE
    used = {well.well: well for well in plan.wells}
    parts = [f'<rect x="{_LEFT}" y="{_TOP}" width="{width:.1f}" height="{height:.1f}" rx="14" fill="#fafafa" stroke="#444"/>']
    for name, shape in plate.wells.items():
        x, y, r = _LEFT + shape.x_mm * _SCALE, _TOP + height - shape.y_mm * _SCALE, shape.width_mm * _SCALE / 2
        well = used.get(name)
        title = f"{name}: empty" if well is None else f"{name}: {well.experiment_id or 'filled'} ({well.role})"
        if well is None:
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="none" stroke="#bbb" stroke-dasharray="3 3"><title>{escape(title)}</title></circle>'
            )
            continue
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{ROLE_COLOURS[well.role]}" stroke="#333"><title>{escape(title)}</title></circle>'
        )
        label = _label(well.experiment_id) or ROLE_LETTERS[well.role]
        size = min(r * 0.75, 1.9 * r / max(len(label) * 0.62, 1))
        parts.append(f'<text x="{x:.1f}" y="{y + size * 0.35:.1f}" font-size="{size:.1f}" text-anchor="middle">{escape(label)}</text>')
    for i, column in enumerate(plate.columns):
        parts.append(
            f'<text x="{_LEFT + plate.wells[column[0]].x_mm * _SCALE:.1f}" y="{_TOP - 8}" font-size="15" text-anchor="middle">{i + 1}</text>'
        )
    for name in plate.columns[0]:
        letter = name.rstrip("0123456789")
        parts.append(
            f'<text x="{_LEFT - 12}" y="{_TOP + height - plate.wells[name].y_mm * _SCALE + 5:.1f}" font-size="15" text-anchor="middle">{letter}</text>'
        )
    x = _LEFT
    for role in dict.fromkeys(sorted((well.role for well in plan.wells), key=list(ROLE_COLOURS).index)):
        count = sum(well.role == role for well in plan.wells)
        text = f"{role if role != 'unused' else 'filled, not used'}: {count}"
        parts.append(f'<circle cx="{x + 9:.1f}" cy="{_TOP + height + 24:.1f}" r="8" fill="{ROLE_COLOURS[role]}" stroke="#333"/>')
        parts.append(f'<text x="{x + 24:.1f}" y="{_TOP + height + 29:.1f}" font-size="15">{text}</text>')
        x += 44 + 8.2 * len(text)
    view = f'viewBox="0 0 {width + 2 * _LEFT:.0f} {height + _TOP + 44:.0f}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view} font-family="Helvetica, Arial, sans-serif" role="img" aria-label="plate map">\n{body}\n</svg>\n'


def _label(experiment_id: str) -> str:
    """`R01-007` → `007`: the round is the plate's."""
    return experiment_id.rsplit("-", 1)[-1][-5:]
