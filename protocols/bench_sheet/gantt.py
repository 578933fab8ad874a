"""The schedule as a picture: a lane for each machine and for hands, a bar for each task."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..schedule.order import Schedule
from .picture import Box, Disc, Picture, Rule, Words, shortened

_LEFT, _TOP, _LANE, _WIDTH = 118.0, 26.0, 24.0, 900.0
# Paul Tol's "muted" scheme lightened, by plate: neighbours stay apart in grey too.
_FILLS = ("#88ccee", "#ddcc77", "#99d4c3", "#cc99bb", "#bbccee", "#e6b0aa")


def gantt(schedule: Schedule, *, start: datetime | None = None) -> Picture:
    """Lanes from the first one used on; hours along the top, clock times where a start is given."""
    lanes = list(dict.fromkeys(row.task.resource for row in schedule.rows))
    plates = list(dict.fromkeys(row.task.plate for row in schedule.rows))
    span = max(schedule.end_s, 1)
    scale = (_WIDTH - _LEFT - 12) / span
    height = _TOP + _LANE * len(lanes) + 10 + (18 if len(plates) > 1 else 0)
    shapes: list[Box | Disc | Words | Rule] = []
    every = next((size for size in (300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400) if span / size <= 14), 172800)
    for tick in range(0, span + 1, every):
        x = _LEFT + tick * scale
        shapes.append(Rule(x1=x, y1=_TOP - 4, x2=x, y2=_TOP + _LANE * len(lanes), stroke="#dddddd"))
        text = (start + timedelta(seconds=tick)).strftime("%H:%M") if start is not None else f"{tick // 3600}:{tick % 3600 // 60:02d}"
        shapes.append(Words(x=x, y=_TOP - 9, text=text, size=10.5, anchor="middle"))
    for number, lane in enumerate(lanes):
        y = _TOP + number * _LANE
        shapes.append(Words(x=_LEFT - 8, y=y + 15.5, text=shortened("hands" if lane == "person" else lane, 18), size=11.5, anchor="end", bold=True))
        shapes.append(Rule(x1=_LEFT, y1=y + _LANE, x2=_WIDTH - 12, y2=y + _LANE, stroke="#eeeeee"))
        for row in (row for row in schedule.rows if row.task.resource == lane):
            width = max((row.end_s - row.start_s) * scale, 2.0)
            x = _LEFT + row.start_s * scale
            fill = _FILLS[plates.index(row.task.plate) % len(_FILLS)]
            shapes.append(Box(x=x, y=y + 4, width=width, height=_LANE - 8, fill=fill, stroke="#444444", title=row.task.what))
            room = int(width / 5.6)
            if room >= 4:
                shapes.append(Words(x=x + 4, y=y + 15.5, text=shortened(row.task.kind, room), size=9.5))
    if len(plates) > 1:
        x = _LEFT
        for number, plate in enumerate(plates):
            shapes.append(Box(x=x, y=height - 16, width=12, height=10, fill=_FILLS[number % len(_FILLS)], stroke="#444444"))
            shapes.append(Words(x=x + 17, y=height - 7, text=plate, size=10.5))
            x += 34 + 6.5 * len(plate)
    return Picture(name="schedule", width=_WIDTH, height=height, shapes=tuple(shapes))
