"""The sheet says what is read and when, what plate and zones are kept at, and in which order liquids go in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from protocols.bench_sheet.blocks import SheetPage, Steps, Table
from protocols.bench_sheet.pipetting_order import pipetting_order
from protocols.bench_sheet.readings import readings
from protocols.compile import CompiledPlate, compile_plate, draft_plate
from world_model.terms.factors import Discrete
from world_model.terms.goals import Measurement
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

READ = (
    Measurement(name="OD600", unit="OD600", at_h=tuple(range(9))),
    Measurement(name="GFP", unit="RFU", at_h=tuple(range(9))),
)


def compiled_with(lab: LabProfile, space: SearchSpace, design: Any, **more: Any) -> CompiledPlate:
    given: dict[str, Any] = {"measurements": READ, "context": {"temperature_c": 37.0}, "run_s": 8 * 3600, **more}
    return compile_plate(plate="P", experiments=design, space=space, lab=lab, seed=7, inoculum_od600=1.8, **given)


def lines(page: SheetPage) -> list[str]:
    return [step.text for section in page.sections for block in section.blocks if isinstance(block, Steps) for step in block.steps]


def rows(page: SheetPage, title: str) -> dict[str, str]:
    [table] = [block for section in page.sections if section.title == title for block in section.blocks if isinstance(block, Table)]
    return {row[0]: row[1] for row in table.rows}


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ((), "A (AU) once, at the end"),
        ((3,), "A (AU) at 3 h"),
        ((0, 1, 3), "A (AU) at 0, 1, 3 h"),
        ((0, 0.5, 1), "A (AU) at 0, 0.5, 1 h (every 30 min)"),
        (tuple(range(13)), "A (AU) at 0, 1, 2 … 12 h (every 60 min)"),
        ((0, 1, 2, 3, 4, 6, 8), "A (AU) at 0, 1, 2, 3, 4, 6, 8 h"),
    ],
)
def test_hours_are_told_by_their_ends_only_where_they_are_even(hours, told):
    assert readings([Measurement(name="A", unit="AU", at_h=hours)]) == told


def test_every_due_hour_is_in_exactly_one_read_step(lab, space, design):
    """The additions at 2 and 4 h cut the run in three: 0–2, 2–4 and 4–8 h."""
    told = [text for text in lines(compiled_with(lab, space, design).papers.page) if text.startswith("Read ")]
    assert told == [
        "Read from 0 h until 2 h: OD600, GFP (RFU) at 0, 1 h.",
        "Read from 2 h until 4 h: OD600, GFP (RFU) at 2, 3 h.",
        "Read from 4 h to the end of the run: OD600, GFP (RFU) at 4, 5, 6, 7, 8 h (every 60 min).",
    ]


def test_the_campaigns_context_stands_at_the_top(lab, space, design):
    page = compiled_with(lab, space, design).papers.page
    assert page.sections[0].title == "Conditions and readings"
    assert rows(page, "Conditions and readings") == {
        "Whole plate, not varied": "temperature_c = 37",
        "Read": "OD600, GFP (RFU) at 0, 1, 2 … 8 h (every 60 min)",
    }


def test_readings_that_are_due_while_the_plate_is_out_are_named(lab, space, design):
    """At 2 h and at 4 h the plate is on the deck for an addition; no other whole hour is within one."""
    plate = compiled_with(lab, space, design)
    told = [finding for finding in plate.findings if "the plate out of the reader" in finding.observed]
    assert [re.findall(r"at ([\d.]+) h", finding.where) for finding in told] == [["2"], ["4"]]
    assert all(finding.severity == "note" for finding in told)
    assert sum("out of the reader" in note.text for note in plate.papers.page.notes) == 2
    between = (Measurement(name="OD600", unit="OD600", at_h=(0.5, 1.5, 3)),)
    assert not any("out of the reader" in f.observed for f in compiled_with(lab, space, design, measurements=between).findings)


def test_the_text_has_the_order_in_which_the_robot_dispenses(lab, space, design):
    plate = compiled_with(lab, space, design)
    robot = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=7, inoculum_od600=1.8).robot
    text = next(text for text in lines(plate.papers.page) if "in this order" in text).split("in this order: ")[1]
    first = list(dict.fromkeys(move.stock for move in robot[0].moves if move.target_slot == robot[0].plate_slot))
    assert sorted(first, key=text.index) == first
    assert first[-1] == "E. coli"


def test_hands_are_told_the_order_of_their_own_list(lab_doc, space, design):
    lab_doc["robot"] = {"model": "hands", "least_ul": 1, "most_ul": 1000}
    lab_doc["stocks"][1]["added"] = "last"  # the base medium after everything but the cells
    lab = LabProfile.model_validate(lab_doc)
    plate = compiled_with(lab, space, design)
    text = next(text for text in lines(plate.papers.page) if "in this order" in text).split("in this order: ")[1]
    heads = [r.title.split(" from ")[0] for s in plate.papers.page.sections if s.title.startswith("By hand: setup") for r in s.blocks if hasattr(r, "dials") and not r.title.startswith("Mix ")]
    assert sorted(set(heads), key=text.index) == list(dict.fromkeys(heads))
    assert pipetting_order(plate.plan, (), lab)["setup"][-2:] == ("M9 5x", "E. coli")


def test_zones_are_told_with_columns_and_units_and_set_before_the_start(lab_doc, space):
    lab_doc["plate"] |= {"zones": [{"name": "cold", "columns": [1, 2, 3, 4, 5, 6]}, {"name": "warm", "columns": [7, 8, 9, 10, 11, 12]}], "zone_factors": ["temperature"]}
    warm = SearchSpace(factors=(*space.factors, Discrete(name="temperature", unit="°C", values=(30, 37), acts="set")))
    base: dict[str, float | str] = {"glucose": 20.0, "magnesium": 2.0, "iptg": 500.0, "induction": 0.0}
    design = [ProposedExperiment(id=f"R01-{i:03d}", role="candidate", settings={**base, "glucose": 10.0 + i, "temperature": t}) for i, t in enumerate((30.0, 37.0, 30.0, 37.0))]
    plate = compiled_with(LabProfile.model_validate(lab_doc), warm, design)
    held = {zone: values["temperature"] for zone, values in plate.record.zone_values.items()}
    told = {"cold (columns 1–6)": f"temperature {held['cold']:g} °C", "warm (columns 7–12)": f"temperature {held['warm']:g} °C"}
    assert told.items() <= rows(plate.papers.page, "Conditions and readings").items()
    text = lines(plate.papers.page)
    set_ = next(i for i, line in enumerate(text) if line.startswith("Set the zones: "))
    assert set_ < next(i for i, line in enumerate(text) if line.startswith("Run setup"))
    assert all(f"{zone}: {value}" in text[set_] for zone, value in told.items())
