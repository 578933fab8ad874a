"""Several plates that share robot, reader and hands: their schedule, or every reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import networkx as nx

from ..finding import Finding, Refused
from .lateness import least_lateness
from .order import NoOrder, Schedule, order_tasks
from .plate_tasks import PlateWork, plate_tasks
from .tasks import task_graph
from .times import clock


@dataclass(frozen=True, kw_only=True)
class TimeRow:
    """One line of the schedule as a person reads it. `clock_start`, `clock_end` are empty without a start time."""

    start_s: int
    end_s: int
    who: str
    what: str
    plate: str
    hands: bool
    clock_start: str = ""
    clock_end: str = ""

    @property
    def start(self) -> str:
        return _hours_minutes(self.start_s)

    @property
    def end(self) -> str:
        return _hours_minutes(self.end_s)


def plates_graph(works: Sequence[PlateWork]) -> nx.MultiDiGraph:
    """The tasks of all plates."""
    parts = [plate_tasks(work) for work in works]
    return task_graph((task for tasks, _ in parts for task in tasks), (window for _, windows in parts for window in windows))


def schedule_plates(works: Sequence[PlateWork], *, progress: Callable[[str], None] | None = None) -> Schedule:
    """The order that ends first.

    Raises:
        Refused: no order keeps every window; the windows, the machines and the minutes that lack are told.
    """
    graph = plates_graph(works)
    found = order_tasks(graph, progress=progress)
    if isinstance(found, NoOrder):
        raise Refused(f"Schedule of {', '.join(work.intent.plate for work in works)}", why_not(graph, found))
    return found


def why_not(graph: nx.MultiDiGraph, found: NoOrder) -> list[Finding]:
    """Findings for a schedule that can't be."""
    if found.conflict is not None:
        return [
            _finding(
                "the times", f"{'; '.join(found.conflict.reasons)}: together {clock(found.conflict.short_s)} too much", "windows that can be kept together",
                f"Widen one of them by {clock(found.conflict.short_s)}, or shorten what lies between.",
            )
        ]  # fmt: skip
    if found.clashes:
        return [
            _finding(
                f"{clash.second.what} and {clash.first.what}", str(clash), f"{clash.second.resource} for one of them at a time",
                f"Move one of them by {clock(clash.short_s)}, or widen its window by as much.",
            )
            for clash in found.clashes
        ]  # fmt: skip
    missed = least_lateness(graph)
    if missed:
        return [
            _finding("the times", f"{miss.why}, missed by {clock(miss.by_s)} in the best order", "every window kept", f"Widen it by {clock(miss.by_s)}, or take fewer plates.")
            for miss in missed
        ]
    return [_finding("the times", "no order of the tasks" + ("" if found.searched else " among those searched"), "an order that keeps every window", "Take fewer plates, or wider windows.")]


def time_rows(schedule: Schedule, *, start: datetime | None = None) -> tuple[TimeRow, ...]:
    """The schedule's lines in order; clock times where a start is given."""
    return tuple(
        TimeRow(
            start_s=row.start_s, end_s=row.end_s, who=row.task.resource, what=row.task.what, plate=row.task.plate, hands=row.task.hands,
            clock_start=_clock_time(start, row.start_s), clock_end=_clock_time(start, row.end_s),
        )
        for row in schedule.rows
    )  # fmt: skip


def _finding(where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule="timing", severity="error", where=where, observed=observed, limit=limit, mend=mend)


def _hours_minutes(time_s: int) -> str:
    minutes, rest = divmod(time_s, 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def _clock_time(start: datetime | None, time_s: int) -> str:
    if start is None:
        return ""
    at = start + timedelta(seconds=time_s)
    days = (at.date() - start.date()).days
    return at.strftime("%H:%M") + (f" +{days} d" if days else "")
