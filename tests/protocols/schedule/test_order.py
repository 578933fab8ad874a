"""Schedules against hand computation, against all permutations, and against a solver that knows nothing of ours."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from protocols.schedule.lateness import least_lateness
from protocols.schedule.order import NoOrder, Schedule, order_tasks
from protocols.schedule.tasks import Task, Window, task_graph
from protocols.schedule.times import Bound, find_conflict, longest, tightened
from world_model.terms.errors import ProtocolError


def task(id: str, duration_s: int, resource: str = "robot", **more: object) -> Task:
    return Task(id=id, kind="x", what=id, resource=resource, duration_s=duration_s, **more)  # type: ignore[arg-type]


def solved(tasks: list[Task], windows: list[Window] | None = None) -> Schedule:
    found = order_tasks(task_graph(tasks, windows or []))
    assert isinstance(found, Schedule), found
    return found


def times(schedule: Schedule) -> dict[str, tuple[int, int]]:
    return {row.task.id: (row.start_s, row.end_s) for row in schedule.rows}


def test_two_tasks_of_one_machine_follow_each_other():
    assert solved([task("a", 30), task("b", 20)]).end_s == 50


def test_two_machines_work_at_once():
    assert solved([task("a", 30), task("b", 20, "reader")]).end_s == 30


def test_any_number_of_plates_stands_in_an_incubator():
    assert solved([task("a", 30, "incubator"), task("b", 30, "incubator")]).end_s == 30


def test_johnsons_rule_for_two_machines():
    # Johnson (1954): jobs (3, 6), (5, 2), (1, 2) on two machines in a row; order 3, 1, 2 ends at 12
    jobs = {"1": (3, 6), "2": (5, 2), "3": (1, 2)}
    tasks = [each for name, (first, second) in jobs.items() for each in (task(f"r{name}", first), task(f"s{name}", second, "reader"))]
    assert solved(tasks, [Window(before=f"r{name}", after=f"s{name}") for name in jobs]).end_s == 12


def test_a_waiting_window_moves_the_first_task_of_another_plate():
    # the addition has to be at 100; a set-up of 60 that began at 50 would be in its way, so it goes first
    told = [task("set-up 1", 10, latest_s=0), task("addition", 20, earliest_s=100, latest_s=100), task("set-up 2", 60)]
    assert times(solved(told))["set-up 2"] == (10, 70)
    told[2] = task("set-up 2", 95)
    assert times(solved(told))["set-up 2"] == (120, 215)


def test_stretching_tasks_hold_their_machine_until_the_next_begins():
    told = [task("read", 0, "reader", stretches=True), task("take out", 5, "person", earliest_s=50), task("other", 10, "reader")]
    schedule = solved(told, [Window(before="read", after="take out", at_most_s=0)])
    assert times(schedule)["read"][1] == 50
    assert times(schedule)["other"][1] <= times(schedule)["read"][0] or times(schedule)["other"][0] >= 50


def test_windows_that_contradict_are_named_with_what_lacks():
    told = [task("induce", 600), task("carry", 60, "person"), task("read", 60, "reader")]
    windows = [Window(before="induce", after="carry"), Window(before="carry", after="read"), Window(before="induce", after="read", at_most_s=30, why="read soon after induction")]
    found = order_tasks(task_graph(told, windows))
    assert isinstance(found, NoOrder)
    assert found.conflict is not None
    assert found.conflict.short_s == 30
    assert any("read soon after induction: at most 30 s" in reason for reason in found.conflict.reasons)
    assert any("carry takes 1 min" in reason for reason in found.conflict.reasons)


def test_a_busy_machine_is_named_with_the_minutes_that_lack():
    # plate 1 needs the robot from 2 h to 2 h 03 at the earliest; plate 2 exactly at 2 h
    told = [task("induce 1", 180, earliest_s=7200, latest_s=7200), task("induce 2", 360, earliest_s=7200, latest_s=7200)]
    found = order_tasks(task_graph(told, []))
    assert isinstance(found, NoOrder)
    clash = found.clashes[0]
    assert (clash.first.id, clash.second.id, clash.short_s) == ("induce 1", "induce 2", 180)
    assert clash.first_until_s == 7380
    assert "busy with induce 1 until 2 h 03 min" in str(clash)


def test_three_that_fit_in_pairs_and_not_together_miss_by_the_least():
    # starts 0, 10 and 20 s, each at 12 s at the latest: the third is 8 s late
    graph = task_graph([task(name, 10, latest_s=12) for name in "abc"], [])
    found = order_tasks(graph)
    assert isinstance(found, NoOrder)
    assert found.searched
    assert found.clashes == ()
    assert sum(miss.by_s for miss in least_lateness(graph)) == 8


@pytest.mark.parametrize(
    ("tasks", "windows", "words"),
    [
        ([task("a", 1), task("a", 2)], [], "twice"),
        ([task("a", -1)], [], "a duration from 0 s"),
        ([task("a", 1, earliest_s=5, latest_s=4)], [], "latest start after the earliest"),
        ([task("a", 1)], [Window(before="a", after="b")], "found 'b'"),
        ([task("a", 1), task("b", 1)], [Window(before="a", after="b", at_least_s=-4)], "at least 0 s"),
        ([task("a", 1), task("b", 1)], [Window(before="a", after="b"), Window(before="b", after="a")], "a circle: a → b → a"),
    ],
)
def test_what_is_no_schedule_is_refused(tasks, windows, words):
    with pytest.raises(ProtocolError, match=words):
        task_graph(tasks, windows)


DRAWN = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["robot", "reader"])), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 2), st.integers(1, n - 1), st.integers(0, 6), st.one_of(st.none(), st.integers(0, 12))), max_size=4),
    )
)


def build(drawn: tuple) -> tuple[list[Task], list[Window]]:
    told, between = drawn
    tasks = [task(f"t{i}", duration, resource) for i, (duration, resource) in enumerate(told)]
    windows = [
        Window(before=f"t{a}", after=f"t{b}", at_least_s=least, at_most_s=None if more is None else least + more) for a, b, least, more in between if a < b
    ]
    return tasks, windows


def kept(schedule: Schedule, windows: list[Window]) -> bool:
    at = times(schedule)
    rows = schedule.rows
    alone = all(
        a.end_s <= b.start_s or b.end_s <= a.start_s
        for i, a in enumerate(rows)
        for b in rows[i + 1 :]
        if a.task.resource == b.task.resource and a.task.duration_s and b.task.duration_s
    )
    gaps = [(at[w.after][0] - at[w.before][1], w) for w in windows]
    return alone and all(w.at_least_s <= gap and (w.at_most_s is None or gap <= w.at_most_s) for gap, w in gaps)


def best_of_all_permutations(tasks: list[Task], windows: list[Window]) -> int | None:
    """For every order of all tasks, machines follow it; the earliest times come from relaxing all bounds until they stand still."""
    index = {each.id: i for i, each in enumerate(tasks)}
    best = None
    for order in permutations(range(len(tasks))):
        bounds = [(a, b, tasks[a].duration_s) for k, a in enumerate(order) for b in order[k + 1 :] if tasks[a].resource == tasks[b].resource]
        for w in windows:
            a, b = index[w.before], index[w.after]
            bounds.append((a, b, tasks[a].duration_s + w.at_least_s))
            if w.at_most_s is not None:
                bounds.append((b, a, -tasks[a].duration_s - w.at_most_s))
        start = [0] * len(tasks)
        for _ in range(len(tasks) + 1):
            before = list(start)
            for a, b, lag in bounds:
                start[b] = max(start[b], start[a] + lag)
            if start == before:
                end = max(s + t.duration_s for s, t in zip(start, tasks, strict=True))
                best = end if best is None else min(best, end)
                break
    return best


@settings(max_examples=120, deadline=None)
@given(drawn=DRAWN)
def test_the_end_is_that_of_the_best_of_all_permutations(drawn):
    tasks, windows = build(drawn)
    found = order_tasks(task_graph(tasks, windows))
    best = best_of_all_permutations(tasks, windows)
    if isinstance(found, NoOrder):
        assert best is None
    else:
        assert kept(found, windows)
        assert found.shortest
        assert found.end_s == best


def by_highs(tasks: list[Task], windows: list[Window]) -> int | None:
    """The same question as a mixed-integer programme, written here from scratch."""
    n, index, big = len(tasks), {each.id: i for i, each in enumerate(tasks)}, 10_000
    pairs = [(i, j) for i in range(n) for j in range(i) if tasks[i].resource == tasks[j].resource]
    rows, low = [], []

    def add(entries: dict[int, float], at_least: float) -> None:
        row = np.zeros(n + 1 + len(pairs))
        for column, value in entries.items():
            row[column] = value
        rows.append(row)
        low.append(at_least)

    for i, each in enumerate(tasks):
        add({n: 1, i: -1}, each.duration_s)
    for w in windows:
        a, b = index[w.before], index[w.after]
        add({b: 1, a: -1}, tasks[a].duration_s + w.at_least_s)
        if w.at_most_s is not None:
            add({a: 1, b: -1}, -tasks[a].duration_s - w.at_most_s)
    for k, (i, j) in enumerate(pairs):
        add({j: 1, i: -1, n + 1 + k: big}, tasks[i].duration_s)
        add({i: 1, j: -1, n + 1 + k: -big}, tasks[j].duration_s - big)
    cost = np.zeros(n + 1 + len(pairs))
    cost[n] = 1
    upper = np.full(n + 1 + len(pairs), big)
    upper[n + 1 :] = 1
    integer = np.zeros(n + 1 + len(pairs))
    integer[n + 1 :] = 1
    found = milp(cost, constraints=LinearConstraint(np.array(rows), lb=np.array(low)), bounds=Bounds(0, upper), integrality=integer)
    return None if found.x is None else round(found.x[n])


def test_larger_schedules_end_when_highs_says():
    chance = np.random.default_rng(4)
    feasible = 0
    for _ in range(12):
        n = 9
        tasks = [task(f"t{i}", int(chance.integers(1, 20)), ["robot", "reader", "person"][int(chance.integers(3))]) for i in range(n)]
        windows = []
        for _ in range(7):
            a, b = sorted(chance.choice(n, 2, replace=False))
            least = int(chance.integers(0, 15))
            windows.append(Window(before=f"t{a}", after=f"t{b}", at_least_s=least, at_most_s=least + int(chance.integers(0, 25)) if chance.random() < 0.6 else None))
        found, best = order_tasks(task_graph(tasks, windows)), by_highs(tasks, windows)
        assert (found.end_s if isinstance(found, Schedule) else None) == best
        feasible += best is not None
        if isinstance(found, Schedule):
            assert kept(found, windows)
    assert feasible >= 3


def test_the_same_question_has_the_same_answer():
    told = [task(f"t{i}", 7 + i % 3) for i in range(7)]
    assert times(solved(told)) == times(solved(told))


def test_forty_tasks_of_one_machine_are_ordered_at_once():
    schedule = solved([task(f"t{i}", 7 + i % 3) for i in range(40)])
    assert schedule.shortest
    assert schedule.end_s == sum(7 + i % 3 for i in range(40))


@settings(max_examples=100, deadline=None)
@given(
    drawn=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(-9, 9)), max_size=8),
    more=st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(-9, 9)),
)
def test_one_more_bound_is_the_same_as_all_of_them_at_once(drawn, more):
    bounds = [Bound(before=a, after=b, weight_s=w, why="") for a, b, w in drawn if a != b]
    last = Bound(before=more[0], after=more[1], weight_s=more[2], why="")
    if more[0] == more[1] or find_conflict(5, bounds) is not None:
        return
    tight = tightened(longest(5, bounds), last.before, last.after, last.weight_s)
    conflict = find_conflict(5, [*bounds, last])
    assert (tight is None) == (conflict is not None)
    if tight is not None:
        assert (tight == longest(5, [*bounds, last])).all()
    if conflict is not None:
        assert conflict.short_s == sum(bound.weight_s for bound in conflict.bounds) > 0
        assert all(a.after == b.before for a, b in zip(conflict.bounds, (*conflict.bounds[1:], conflict.bounds[0]), strict=True))


def test_no_bounds_no_conflict():
    assert find_conflict(3, []) is None
