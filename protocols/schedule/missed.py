"""Readings that are due while the plate is out of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from world_model.terms.goals import Measurement

from ..finding import Finding
from .order import Schedule
from .times import clock


def missed_readings(schedule: Schedule, measurements: Sequence[Measurement]) -> list[Finding]:
    """A note for each time that a plate is out between two reads, with the hours that fall into it.

    Hours count from the end of the set-up.
    """
    hours = sorted({hour for measurement in measurements for hour in measurement.at_h})
    found = []
    for plate in dict.fromkeys(row.task.plate for row in schedule.rows):
        rows = [row for row in schedule.rows if row.task.plate == plate]
        zero_s = next((row.end_s for row in rows if row.task.kind == "setup"), 0)
        reads = sorted((row.start_s - zero_s, row.end_s - zero_s) for row in rows if row.task.kind == "read")
        for (_, out_s), (back_s, _) in pairwise(reads):
            missed = [hour for hour in hours if out_s <= hour * 3600 < back_s]
            if missed:
                found.append(
                    Finding(
                        rule="timing", severity="note", where=f"plate {plate}, the reading{'s' if len(missed) > 1 else ''} at {', '.join(f'{hour:.5g}' for hour in missed)} h",
                        observed=f"the plate out of the reader from {clock(out_s)} to {clock(back_s)} after the zero", limit="the plate in the reader",
                        mend="Read once it is back, and write the time of that reading into the results.",
                    )
                )  # fmt: skip
    return found
