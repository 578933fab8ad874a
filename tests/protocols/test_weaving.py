"""Additions and samples interrupt what can be interrupted, and take the cover off and on."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from protocols.intent import Add, Incubate, Pause, Quantity, Read, Sample, Seal, Shake, Spin, Step, Unseal
from protocols.weaving import shake_in_reader, weave
from world_model.terms.quantities import seconds
from world_model.terms.steps import PlateStep


def add(hour: float) -> Add:
    return Add(stage=f"add_{hour:g}h", at=Quantity(value=hour, unit="h", source="design"), factors=("iptg",))


def steps(*told: dict[str, Any]) -> tuple[PlateStep, ...]:
    return TypeAdapter(tuple[PlateStep, ...]).validate_python(told)


def kinds(woven: tuple[Step, ...]) -> list[str]:
    return [step.kind for step in woven]


def test_without_steps_of_its_own_a_plate_is_shaken_read_and_read_again_after_each_addition():
    woven = weave((shake_in_reader(), Read()), [add(2), add(4)])
    assert kinds(woven) == ["shake", "read", "pause", "add", "pause", "shake", "read", "pause", "add", "pause", "shake", "read"]
    reads = [(seconds(step.start) / 3600 if step.start else 0, seconds(step.until) / 3600 if step.until else None) for step in woven if isinstance(step, Read)]
    assert reads == [(0, 2), (2, 4), (4, None)]


def test_an_incubation_is_cut_in_two_and_loses_no_minute():
    woven = weave(steps({"kind": "incubate", "temperature": "37 °C", "duration": "5 h"}, {"kind": "read", "mode": "absorbance", "wavelengths": ["600 nm"]}), [add(2)])
    assert kinds(woven) == ["incubate", "pause", "add", "shake", "pause", "incubate", "read"]
    assert [seconds(step.duration) / 3600 for step in woven if isinstance(step, Incubate)] == [2, 3]


def test_a_covered_plate_is_uncovered_and_covered_again_with_the_reason():
    woven = weave(steps({"kind": "seal", "cover": "foil"}, {"kind": "incubate", "temperature": "37 °C", "duration": "5 h", "shaking": "200 rpm"}), [add(2)])
    assert kinds(woven) == ["seal", "incubate", "pause", "unseal", "add", "seal", "pause", "incubate"]
    opened, closed = next(s for s in woven if isinstance(s, Unseal)), [s for s in woven if isinstance(s, Seal)][1]
    assert opened.because
    assert (closed.cover, bool(closed.because)) == ("foil", True)


def test_a_spin_is_finished_before_the_addition():
    woven = weave(steps({"kind": "spin", "speed": "300 x g", "duration": "10 min"}, {"kind": "shake", "duration": "1 min", "where": "shaker"}), [add(0.1)])
    assert kinds(woven) == ["spin", "add", "shake", "shake"]
    assert isinstance(woven[0], Spin)


def test_samples_and_additions_come_in_the_order_of_their_hours():
    told = steps(
        {"kind": "incubate", "temperature": "30 °C", "duration": "6 h", "shaking": "200 rpm"}, {"kind": "sample", "at": "3 h", "volume": "20 µL"},
        {"kind": "sample", "at": "1 h", "volume": "20 µL"}, {"kind": "pause", "what": "look at it", "at": "5 h"},
    )  # fmt: skip
    woven = weave(told, [add(2)])
    assert [step.kind for step in woven if not isinstance(step, Incubate)] == ["pause", "sample", "pause", "pause", "add", "pause", "pause", "sample", "pause", "pause"]
    assert [seconds(s.at) / 3600 for s in woven if isinstance(s, Add | Sample)] == [1, 2, 3]
    assert sum(seconds(s.duration) for s in woven if isinstance(s, Incubate)) == 6 * 3600


def test_a_kinetic_run_goes_on_for_the_rest_of_its_time():
    woven = weave(steps({"kind": "read", "mode": "absorbance", "wavelengths": ["600 nm"], "every": "10 min", "duration": "12 h"}), [add(2)])
    first, last = (step for step in woven if isinstance(step, Read))
    assert (seconds(first.duration), seconds(last.duration)) == (2 * 3600, 10 * 3600)  # type: ignore[arg-type]
    assert (seconds(last.start), seconds(last.until)) == (2 * 3600, 12 * 3600)  # type: ignore[arg-type]


def test_an_addition_after_the_last_step_is_not_lost():
    woven = weave(steps({"kind": "shake", "duration": "1 min", "where": "shaker"}), [add(3)])
    assert kinds(woven) == ["shake", "add", "shake"]
    assert not any(isinstance(step, Pause) for step in woven)
    assert isinstance(woven[-1], Shake)
