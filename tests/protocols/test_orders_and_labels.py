"""Order list, cost and labels against hand computation."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from protocols.bench_sheet.cost import cost
from protocols.bench_sheet.label_text import gravest_first
from protocols.bench_sheet.labels import GAP_PT, Label, LabelSheet, label_lines, labels, labels_csv, labels_pdf
from protocols.bench_sheet.order_list import order_list_csv, order_rows
from protocols.compile import draft_plate
from world_model.terms.lab_profile import LabProfile


@pytest.fixture
def priced(lab_doc):
    lab_doc["stocks"][5] |= {"price_per_ml": 12.5, "supplier": "Example 4711", "lot": "IP-88", "expires": "2027-03-01", "hazards": ["H315", "H319"], "volume_ml": 0.08}
    lab_doc["prices"] = {"corning_96_wellplate_360ul_flat": 6.5, "opentrons_flex_96_tiprack_50ul": 9.6}
    return LabProfile.model_validate(lab_doc)


@pytest.fixture
def draft(priced, space, design):
    return draft_plate(plate="P1", experiments=design, space=space, lab=priced, seed=7, inoculum_od600=1.8)


def test_needed_is_drawn_and_overage_and_dead_volume(draft, priced):
    # 23 µL of IPTG are drawn; 10 % more is 25.3 µL; 50 µL can't be drawn: 75.3 µL of the 80 µL that are there
    row = next(row for row in order_rows(draft.plan, draft.robot, priced) if row.item == "IPTG 20mM")
    assert (row.needed, row.on_hand, row.to_order) == (pytest.approx(0.0753), pytest.approx(0.08), 0)


def test_what_lacks_is_ordered(draft, priced):
    lab = priced.model_copy(update={"overage_percent": 100.0})
    row = next(row for row in order_rows(draft.plan, draft.robot, lab) if row.item == "IPTG 20mM")
    assert row.to_order == pytest.approx(0.046 + 0.05 - 0.08)


def test_racks_are_counted_and_compared_with_those_on_hand(draft, priced):
    lab = priced.model_copy(update={"on_hand": {"opentrons_flex_96_tiprack_50ul": 1}})
    racks = {row.item: row for row in order_rows(draft.plan, draft.robot, lab) if row.kind == "tips"}
    for name, row in racks.items():
        assert row.needed == sum(stage.racks_used[name] for stage in draft.robot if name in stage.racks_used)
    fifty = racks["opentrons_flex_96_tiprack_50ul"]
    assert fifty.to_order == fifty.needed - 1


def test_cost_adds_up_and_names_what_has_no_price(draft, priced):
    told = cost(draft.plan, draft.robot, priced)
    tips = sum(stage.tips_used.get("opentrons_flex_96_tiprack_50ul", 0) for stage in draft.robot)
    # 75.3 µL at 12.5 a mL, a plate, and each tip a ninety-sixth of its rack
    assert told.total == pytest.approx(0.0753 * 12.5 + 6.5 + tips * 9.6 / 96)
    assert {"water", "E. coli", "opentrons_flex_96_tiprack_200ul"} <= set(told.without_price)
    assert "IPTG 20mM" not in told.without_price
    assert str(told).startswith(f"{told.total:.2f} EUR; without a price: ")


def test_the_order_list_is_a_table_that_other_software_reads(draft, priced):
    rows = list(csv.DictReader(io.StringIO(order_list_csv(draft.plan, draft.robot, priced))))
    row = next(row for row in rows if row["item"] == "IPTG 20mM")
    assert (row["unit"], row["supplier"], row["lot"], row["expires"], row["price_per_unit"]) == ("mL", "Example 4711", "IP-88", "2027-03-01", "12.5")
    assert next(row for row in rows if row["item"] == "water")["price_per_unit"] == ""


def test_a_plates_code_is_its_id_alone_and_tubes_name_lot_and_place(draft, priced):
    told = labels(draft.plan, priced, whole="ab" * 32, day=date(2026, 12, 1))
    assert told[0].code == "P1"
    assert "abababab" in told[0].lines[2]
    tube = next(label for label in told if label.title == "IPTG 20mM")
    assert (tube.code, tube.hazards) == ("IPTG 20mM|IP-88|A3 of tubes", "H315 H319")
    assert tube.lines[2] == "lot IP-88 until 2027-03-01"
    assert next(label for label in told if label.title == "water").hazards == "hazards not stated"
    assert len(list(csv.reader(io.StringIO(labels_csv(told))))) == len(told) + 1


def test_labels_go_on_as_many_sheets_as_they_need(draft, priced):
    told = labels(draft.plan, priced, whole="ab" * 32, day=None)
    sheet = LabelSheet(columns=2, rows=2)
    pages = -(-(len(told) + 3) // 4)
    pdf = labels_pdf(told, sheet=sheet, skip=3)
    assert f"/Count {pages}".encode() in pdf
    assert pdf == labels_pdf(told, sheet=sheet, skip=3)


def told_on(label: Label) -> str:
    """What one label of the default sheet says, with letters half as wide as high."""
    lines = label_lines(label, regular=half, bold=half, wide_pt=165.0, room_pt=105.0, height_pt=93.0)
    assert all(half(line.text, line.size_pt) <= 165.0 for line in lines)
    assert sum(line.size_pt + GAP_PT for line in lines) <= 93.0
    return " ".join(line.text for line in lines)


def half(text: str, size: float) -> float:
    return len(text) * size / 2


def test_every_hazard_stands_on_the_label_the_gravest_first(lab_doc, space, design):
    codes = ["H225", "H302", "H315", "H319", "H335", "H336", "H350", "H361d", "H373", "H411", "H330", "H340", "H360FD", "H400"]
    lab_doc["stocks"][5] |= {"hazards": codes, "lot": "SLCJ-2291-0044-B", "expires": "2027-03-01"}
    lab = LabProfile.model_validate(lab_doc)
    plan = draft_plate(plate="P1", experiments=design, space=space, lab=lab, seed=7, inoculum_od600=1.8).plan
    label = next(label for label in labels(plan, lab, whole="", day=None) if label.title == "IPTG 20mM")
    assert label.hazards.split()[:5] == ["H330", "H340", "H350", "H360FD", "H225"]
    told = told_on(label)
    assert set(codes) <= set(told.split())
    assert "SLCJ-2291-0044-B until 2027-03-01" in told
    assert "…" not in told


def test_hazards_that_do_not_fit_send_to_the_sheet_with_the_signal_word():
    codes = gravest_first([f"H3{n:02d}" for n in range(74)] + [f"H4{n:02d}" for n in range(40)])
    told = told_on(Label(kind="tube", title="x", lines=("a", "b", "c"), hazards=" ".join(codes), code="x"))
    assert told.endswith("Danger: see sheet")
    assert set(told.removesuffix("Danger: see sheet").split()[4:]) <= set(codes)
    assert told.split()[4:8] == ["H300", "H310", "H330", "H340"]


def test_a_long_name_is_made_to_fit(draft, priced):
    long = replace(labels(draft.plan, priced, whole="", day=None)[0], title="p" * 200, lines=("µ" * 300, "≥ 5 °C", "→"))
    assert labels_pdf([long]).startswith(b"%PDF")
