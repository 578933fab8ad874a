"""Timed tasks and the windows between them, as a networkx graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import networkx as nx

from world_model.terms.errors import ProtocolError

End = Literal["start", "end"]
# What holds any number of plates, or needs nobody.
UNLIMITED = ("incubator", "bench")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing that somebody or something does.

    Attributes:
        resource: who or what is busy with it; one task at a time, but for those in UNLIMITED.
        duration_s: whole seconds. With `stretches` it lasts at least this long, until what follows it begins.
        earliest_s, latest_s: of its start, from the schedule's zero; None: not bound.
        hands: whether a person has to be there.
    """

    id: str
    kind: str
    what: str
    resource: str
    duration_s: int
    plate: str = ""
    earliest_s: int | None = None
    latest_s: int | None = None
    stretches: bool = False
    hands: bool = False


@dataclass(frozen=True, kw_only=True)
class Window:
    """From one moment of a task to one of another: at least and at most so many seconds. `why` names it in refusals."""

    before: str
    after: str
    at_least_s: int = 0
    at_most_s: int | None = None
    of_before: End = "end"
    of_after: End = "start"
    why: str = ""


def task_graph(tasks: Iterable[Task], windows: Iterable[Window]) -> nx.MultiDiGraph:
    """Tasks as nodes (`task`), windows as edges (`window`).

    Raises:
        ProtocolError: an id twice, a window of an unknown task, a negative time, or an order that goes round in a circle.
    """
    graph = nx.MultiDiGraph()
    for task in tasks:
        if task.id in graph:
            raise ProtocolError(f"Expected each task once, found {task.id!r} twice.")
        if task.duration_s < 0 or (task.latest_s is not None and task.latest_s < (task.earliest_s or 0)):
            raise ProtocolError(f"Expected a duration from 0 s and a latest start after the earliest for {task.id!r}, found {task.duration_s} s, {task.earliest_s} and {task.latest_s} s.")
        graph.add_node(task.id, task=task)
    for window in windows:
        for name in (window.before, window.after):
            if name not in graph:
                raise ProtocolError(f"Expected a task of the schedule in a window, found {name!r}.")
        if window.at_least_s < 0 or (window.at_most_s is not None and window.at_most_s < 0):
            raise ProtocolError(f"Expected a window of at least 0 s from {window.before!r} to {window.after!r}, found {window.at_least_s} to {window.at_most_s} s.")
        graph.add_edge(window.before, window.after, window=window)
    circle = [edge[0] for edge in nx.find_cycle(graph)] if not nx.is_directed_acyclic_graph(graph) else []
    if circle:
        raise ProtocolError(f"Expected an order of tasks, found a circle: {' → '.join([*circle, circle[0]])}.")
    return graph


def tasks_of(graph: nx.MultiDiGraph) -> tuple[Task, ...]:
    """The tasks in the order in which they were added."""
    return tuple(data["task"] for _, data in graph.nodes(data=True))


def windows_of(graph: nx.MultiDiGraph) -> tuple[Window, ...]:
    """The windows in the order in which they were added."""
    return tuple(data["window"] for _, _, data in graph.edges(data=True))
