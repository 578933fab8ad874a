"""Order list, cost and labels against hand computation."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from protocols.bench_sheet.cost import cost
from protocols.bench_sheet.labels import LabelSheet, labels, labels_csv, labels_pdf
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


def test_a_long_name_is_made_to_fit(draft, priced):
    long = replace(labels(draft.plan, priced, whole="", day=None)[0], title="p" * 200, lines=("µ" * 300, "≥ 5 °C", "→"))
    assert labels_pdf([long]).startswith(b"%PDF")
