"""Plates on one bench: hand-computed schedules, and refusals with machine, plate and minutes."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from pydantic import TypeAdapter

from protocols.finding import Refused
from protocols.intent import Add, Dispense, Inoculate, ProtocolIntent, Quantity
from protocols.schedule.plan_times import schedule_plates, time_rows
from protocols.schedule.plate_tasks import PlateWork, ramps_s
from protocols.weaving import shake_in_reader, weave
from world_model.terms.errors import ProtocolError
from world_model.terms.steps import PlateStep, Read, Timing

INCUBATED: tuple[dict[str, Any], ...] = (
    {"kind": "incubate", "temperature": "37 °C", "duration": "5 h", "shaking": "200 rpm"}, {"kind": "read", "mode": "absorbance", "wavelengths": ["600 nm"]},
)  # fmt: skip


def q(value: float, unit: str) -> Quantity:
    return Quantity(value=value, unit=unit, source="design")


def work(plate: str, hours: tuple[float, ...] = (), *, steps: tuple[dict[str, Any], ...] | None = None, setup: int = 1800, add: int = 360, **more: Any) -> PlateWork:
    told = TypeAdapter(tuple[PlateStep, ...]).validate_python(steps) if steps is not None else (shake_in_reader(), Read())
    adds = [Add(stage=f"induce_{hour:g}h", at=q(hour, "h"), factors=("iptg",)) for hour in hours]
    first = (Dispense(what="factors"), Dispense(what="diluent"), Inoculate(stock="cells", final=q(0.05, "OD600"), inoculum=q(2, "OD600")))
    intent = ProtocolIntent(objective="x", plate=plate, volume=q(200, "µL"), bindings=(), steps=(*first, *weave(told, adds)))
    return PlateWork(intent=intent, stage_s={"setup": setup, **{each.stage: add for each in adds}}, wells=60, **more)


def test_one_plate_with_an_addition_runs_as_computed_by_hand():
    # set-up to 0:30 is the zero; carried by 0:31, shaken by 0:31:30; taken out at 2:29, so that the robot starts 2 h after
    # the zero; 6 min later carried back; the run ends 12 h after the zero less what was read
    rows = time_rows(schedule_plates([work("P1", (2,), run_s=12 * 3600)]))
    told = [(row.start, row.end, row.who) for row in rows]
    assert told == [
        ("0:00", "0:30", "robot"), ("0:30", "0:31", "person"), ("0:31", "0:31:30", "reader"), ("0:31:30", "2:29", "reader"), ("2:29", "2:30", "person"),
        ("2:30", "2:36", "robot"), ("2:36", "2:37", "person"), ("2:37", "2:37:30", "reader"), ("2:37:30", "12:37:30", "reader"),
    ]  # fmt: skip


def test_an_incubation_that_ends_before_the_addition_is_not_drawn_out():
    # set-up to 0:30; carried by 0:31; 1 h in the incubator, as its sentence and its timer say; the addition at 2 h after the zero
    told: dict[str, Any] = {"kind": "incubate", "temperature": "37 °C", "shaking": "200 rpm"}
    short = schedule_plates([work("P1", (2,), steps=({**told, "duration": "1 h"},))])
    assert [(row.start, row.end) for row in time_rows(short) if row.what.startswith(("incubate", "induce"))] == [("0:31", "1:31"), ("2:30", "2:36")]
    # one that is cut by the addition lasts until the plate is taken out, a minute before it
    cut = schedule_plates([work("P1", (2,), steps=({**told, "duration": "3 h"},))])
    assert [(row.start, row.end) for row in time_rows(cut) if row.what.startswith("incubate")] == [("0:31", "2:29"), ("2:37", "3:37")]


def test_two_plates_share_one_robot_and_keep_their_hours():
    schedule = schedule_plates([work("P1", (2,), steps=INCUBATED), work("P2", (1,), steps=INCUBATED)])
    for plate, hour in (("P1", 2), ("P2", 1)):
        late = schedule.of(f"{plate}/add").start_s - schedule.of(f"{plate}/setup").end_s - hour * 3600
        assert 0 <= late <= 300
    robot = sorted((row.start_s, row.end_s) for row in schedule.rows if row.task.resource == "robot")
    assert all(first[1] <= second[0] for first, second in pairwise(robot))
    assert schedule.shortest


def test_two_runs_in_one_reader_follow_each_other_and_no_plate_waits():
    schedule = schedule_plates([work("P1", (2,), run_s=12 * 3600), work("P2", (2,), run_s=12 * 3600)])
    # 0:30 set-up, 12:07:30 of carrying, reading and adding for each plate; the second's set-up ends when the reader is free
    assert schedule.end_s >= 2 * 12 * 3600
    for plate in ("P1", "P2"):
        assert schedule.of(f"{plate}/read").start_s - schedule.of(f"{plate}/setup").end_s <= 90 + 300


def test_an_addition_longer_than_the_time_to_the_next_says_by_how_much():
    # 1 h: 30 min of pipetting + 1 + 0.5 + 1 min of hands; the next is due 6 min later and may be 5 min late: 21.5 min lack
    with pytest.raises(Refused, match=r"induce_1\.1h of P1 due at 1\.10 h.*together 21 min 30 s too much"):
        schedule_plates([work("P1", (1, 1.1), add=1800)])


def test_cells_that_wait_too_long_in_a_slow_set_up():
    with pytest.raises(Refused, match=r"cells of P1 in the last well.*at most 1 h.*together 15 min too much"):
        schedule_plates([work("P1", setup=75 * 60, timing=Timing(cells_within_min=60))])


def test_a_plate_out_of_the_reader_longer_than_the_lab_file_allows():
    # 1 min out, 6 min robot, 1 min back = 8 min
    with pytest.raises(Refused, match=r"off_incubator_min.*together 3 min too much"):
        schedule_plates([work("P1", (2,), timing=Timing(off_incubator_min=5))])
    assert schedule_plates([work("P1", (2,), timing=Timing(off_incubator_min=8))])


def test_reading_must_follow_an_addition_in_time():
    with pytest.raises(Refused, match=r"read_within_min.*together 30 s too much"):
        schedule_plates([work("P1", (2,), timing=Timing(read_within_min=0.5))])


def test_samples_that_collide_are_refused():
    # 60 wells at 10 s take 10 min; the second is due 6 min after the first and may be 5 min late, hands need 2 min between
    told = (*INCUBATED, {"kind": "sample", "at": "1 h", "volume": "20 µL"}, {"kind": "sample", "at": "1.1 h", "volume": "20 µL"})
    with pytest.raises(Refused, match=r"sample of P1 due at 1\.10 h"):
        schedule_plates([work("P1", steps=told)])


def test_a_stage_without_a_run_time_is_named():
    bare = work("P1", (2,))
    with pytest.raises(ProtocolError, match="induce_2h"):
        schedule_plates([PlateWork(intent=bare.intent, stage_s={"setup": 60}, wells=60)])


def test_clock_times_follow_the_start_over_midnight():
    rows = time_rows(schedule_plates([work("P1", (2,), run_s=12 * 3600)]), start=datetime(2027, 1, 5, 18, 0))
    assert (rows[0].clock_start, rows[0].clock_end) == ("18:00", "18:30")
    assert rows[-1].clock_end == "06:37 +1 d"


def test_a_thermocyclers_ramps_are_its_temperature_changes():
    # 25 → 95 (70), then 3 cycles of 95 → 55 → 95: 3 · 40 down and 2 · 40 up = 200; 270 °C at 2 °C/s
    step = TypeAdapter(PlateStep).validate_python(
        {"kind": "thermocycle", "lid": "105 °C", "stages": [{"cycles": 3, "plateaus": [{"temperature": "95 °C", "duration": "15 s"}, {"temperature": "55 °C", "duration": "30 s"}]}]}
    )
    assert ramps_s(step) == 135


def test_four_plates_with_three_additions_are_scheduled_exactly():
    schedule = schedule_plates([work(f"P{i}", (1, 2, 3), steps=INCUBATED, setup=900, add=240) for i in range(1, 5)])
    assert schedule.shortest
    for i in range(1, 5):
        for k, hour in enumerate((1, 2, 3)):
            name = "add" if k == 0 else f"add {k + 1}"
            assert 0 <= schedule.of(f"P{i}/{name}").start_s - schedule.of(f"P{i}/setup").end_s - hour * 3600 <= 300
