"""The bench sheet says what a person must know, needs nothing from outside, and takes names as text."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.bench_sheet.blocks import HandRound, Table
from protocols.bench_sheet.hand_list import hand_stages, pipette_for
from protocols.bench_sheet.page import sheet_page
from protocols.bench_sheet.pdf import sheet_pdf, word_widths
from protocols.bench_sheet.sheet import bench_sheet, sheet_html
from protocols.bench_sheet.stock_use import tube_uses
from protocols.compile import draft_plate
from protocols.device import BY_HAND
from protocols.plan import PhysicalPlan
from protocols.schedule.plan_times import schedule_plates
from protocols.schedule.plate_tasks import PlateWork
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment


def test_it_says_when_the_plate_leaves_and_returns(compiled):
    text = re.sub(r"<[^>]+>", " ", compiled.bench_sheet_html)
    text = re.sub(r"\s+", " ", text)
    order = ["Run setup.py", "Read from 0 h until 2 h", "Take the plate out", "Run induce_2h.py", "Return the plate", "Read from 2 h until 4 h", "Run induce_4h.py", "Read from 4 h to the end"]
    places = [text.index(sentence) for sentence in order]
    assert places == sorted(places)


def test_it_lists_what_to_provide_with_overage_and_dead_volume(compiled):
    # IPTG: 5 + 5 µL at 2 h, 3 µL in the set-up, 10 µL at 4 h = 23 µL; 10 % more is 25.3 µL, and 50 µL stay in the tube
    row = next(line for line in compiled.bench_sheet_html.splitlines() if "<strong>IPTG 20mM</strong>" in line)
    assert "A3 of tubes" in row
    assert "23 µL" in row
    assert "75.3 µL" in row
    assert "setup, induce_2h, induce_4h" in row


def test_wells_say_what_they_hold_until_their_addition(compiled):
    rows = [line for line in compiled.bench_sheet_html.splitlines() if "R01-004" in line and "IPTG 20mM" in line]
    assert len(rows) == 1
    assert "190 µL" in rows[0]  # 1000 µM · 200 µL / 20 mM = 10 µL come at 4 h
    assert "4 h" in rows[0]


def test_it_shows_every_hash(compiled):
    assert compiled.sha256 in compiled.bench_sheet_html
    assert all(stage.sha256 in compiled.bench_sheet_html for stage in compiled.stages)


def test_it_needs_nothing_from_outside(compiled):
    found = re.findall(r"(?:src|href)\s*=|url\(|@import|<script", compiled.bench_sheet_html)
    assert found == []


def test_the_plate_map_has_a_circle_for_each_well_and_a_colour_for_each_role(compiled):
    root = ET.fromstring(compiled.plate_map_svg)
    ns = "{http://www.w3.org/2000/svg}"
    titles = [circle.find(f"{ns}title") for circle in root.iter(f"{ns}circle")]
    told = [title.text for title in titles if title is not None]
    assert len(told) == 96
    assert sum("(unused)" in text for text in told) == 36
    assert sum("empty" in text for text in told) == 96 - 36 - 6
    assert any("R01-005 (control)" in text for text in told)


def test_what_a_person_wrote_is_text_and_never_markup(lab_doc, space, design):
    lab_doc["stocks"][6]["keep"] = "<script>alert(1)</script> & 'on ice'"
    lab = LabProfile.model_validate(lab_doc)
    draft = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1)
    page = bench_sheet(draft.intent, draft.plan, draft.robot, lab, files={}, whole="", findings=(), engine="e")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_od_to_measure_is_asked_for(lab, space, design):
    draft = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1)
    page = bench_sheet(draft.intent, draft.plan, draft.robot, lab, files={}, whole="", findings=draft.findings, engine="e")
    assert "OD600 measured" in page
    assert "--inoculum-od" in page


@pytest.fixture
def drafted(lab, space, design):
    return draft_plate(plate="P1", experiments=design, space=space, lab=lab, seed=7, inoculum_od600=1.8)


def page_of(draft: Any, lab: LabProfile, **more: Any) -> Any:
    given: dict[str, Any] = {"files": {"setup.py": "0" * 64}, "whole": "1" * 64, "findings": draft.findings, **more}
    return sheet_page(draft.intent, draft.plan, draft.robot, lab, **given)


def by_hand(lab_doc: dict[str, Any], plan: PhysicalPlan) -> tuple[LabProfile, PhysicalPlan]:
    lab_doc["robot"] = {"model": "hands", "least_ul": 1, "most_ul": 1000}
    return LabProfile.model_validate(lab_doc), replace(plan, device=BY_HAND)


def test_every_transfer_stands_once_in_the_list_for_hands(compiled, lab_doc):
    lab, plan = by_hand(lab_doc, compiled.plan)
    told: dict[tuple[str, str, str], float] = {}
    for stage in hand_stages(plan, lab):
        for each in stage.rounds:
            stock = each.title.split(" from ")[0]
            for dial in each.dials:
                setting = re.fullmatch(r"P\d+ at (?:(\d+) × )?([\d.]+) µL", dial.setting)
                assert setting is not None
                for well in dial.wells:
                    assert (stage.stage, stock, well) not in told
                    told[stage.stage, stock, well] = int(setting[1] or 1) * float(setting[2])
    planned = {(stage.name, t.stock, t.well): t.volume_nl / 1000 for stage in plan.stages for t in stage.transfers}
    assert told == pytest.approx(planned)


def test_a_hand_pipette_fits_its_volume():
    assert [pipette_for(nl) for nl in (1_000, 2_000, 2_100, 20_000, 150_000, 200_100, 1_500_000)] == ["P2", "P2", "P20", "P20", "P200", "P1000", "P1000"]


def test_cells_are_stirred_and_told_so(compiled, lab_doc):
    lab, plan = by_hand(lab_doc, compiled.plan)
    cells = [each.title for stage in hand_stages(plan, lab) for each in stage.rounds if each.title.startswith("E. coli")]
    assert len(cells) == 1
    assert "Mix the tube" in cells[0]


def test_hands_run_no_file_and_see_no_deck(compiled, lab_doc):
    lab, plan = by_hand(lab_doc, compiled.plan)
    html = bench_sheet(compiled.intent, plan, (), lab, files={"by_hand.csv": "0" * 64}, whole="", findings=())
    assert "Pipette by hand, as in the list “By hand: setup”" in html
    assert "setup.py" not in html
    assert "Deck for" not in html


def test_what_each_tube_gives_adds_up_to_the_plan(compiled, lab):
    drawn: dict[str, int] = {}
    for use in tube_uses(compiled.plan, lab):
        drawn[use.stock.name] = drawn.get(use.stock.name, 0) + use.drawn_nl
    planned: dict[str, int] = {}
    for stage in compiled.plan.stages:
        for transfer in stage.transfers:
            planned[transfer.stock] = planned.get(transfer.stock, 0) + transfer.volume_nl
    assert drawn == planned


def test_expired_lots_and_hazards_are_told_in_words(drafted, lab_doc):
    lab_doc["stocks"][5] |= {"lot": "IP-88", "expires": "2026-03-01", "hazards": ["H315"]}
    html = sheet_html(page_of(drafted, LabProfile.model_validate(lab_doc), today=date(2026, 3, 2)))
    assert "IP-88, EXPIRED 2026-03-01" in html
    assert "H315 Causes skin irritation" in html
    assert "not stated in the lab file" in html
    html = sheet_html(page_of(drafted, LabProfile.model_validate(lab_doc), today=date(2026, 3, 1)))
    assert "IP-88, until 2026-03-01" in html


def test_the_schedule_has_clock_times_and_a_box_for_each_line(drafted, lab):
    stage_s = {stage.name: 600.0 for stage in drafted.plan.stages}
    schedule = schedule_plates([PlateWork(intent=drafted.intent, stage_s=stage_s, wells=6, run_s=12 * 3600)])
    page = page_of(drafted, lab, schedule=schedule, start=datetime(2027, 1, 5, 9, 0))
    table = next(block for section in page.sections if section.title == "Schedule" for block in section.blocks if isinstance(block, Table))
    assert table.tick
    assert table.rows[0][:3] == ("09:00", "09:10", "robot")
    assert any(row[0] == "11:10" and row[3].startswith("induce_2h") for row in table.rows)


def test_the_same_page_gives_the_same_pdf_and_it_is_one(drafted, lab):
    page = page_of(drafted, lab)
    first = sheet_pdf(page)
    assert first == sheet_pdf(page)
    assert first.startswith(b"%PDF")
    assert 2 <= first.count(b"/Type /Page\n") + first.count(b"/Type /Page ") <= 12


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_html_and_pdf_say_the_same(compiled, lab_doc, tmp_path):
    lab, plan = by_hand(lab_doc, compiled.plan)
    page = sheet_page(compiled.intent, plan, (), lab, files={"by_hand.csv": "0" * 64}, whole=compiled.sha256, findings=compiled.findings)
    (tmp_path / "sheet.pdf").write_bytes(sheet_pdf(page))
    text = subprocess.run(["pdftotext", "-layout", str(tmp_path / "sheet.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    text = re.sub(r"\s+", " ", text)
    assert "µL" in text
    assert compiled.sha256 in text
    for section in page.sections:
        assert section.title in text
        for block in section.blocks:
            if isinstance(block, HandRound):
                assert block.title[:40] in text
                assert all(dial.setting in text for dial in block.dials)
            if isinstance(block, Table):
                for row in block.rows:
                    assert all(word in text for cell in row[:1] for word in cell.split())


def test_hostile_text_is_drawn_and_breaks_nothing(drafted, lab_doc):
    lab_doc["stocks"][6]["keep"] = "<b>&amp;</para> on ice <img src='x'/>"
    page = page_of(drafted, LabProfile.model_validate(lab_doc))
    assert sheet_pdf(page).startswith(b"%PDF")
    assert "<img" not in sheet_html(page)


def test_no_word_breaks_while_the_columns_have_room():
    # 60 + 40 + 100: the second needs 50 and takes the 10 from the others by what they can spare, 20 and 60
    assert word_widths([60, 40, 100], [40, 50, 40]) == pytest.approx([57.5, 50, 92.5])
    assert word_widths([60, 40], [70, 60]) == [60, 40]


@given(shares=st.lists(st.floats(10, 200), min_size=1, max_size=8), seed=st.integers(0, 1000))
def test_widths_keep_their_sum_and_every_word_that_fits(shares, seed):
    needs = [share * (0.3 + ((seed * (i + 3)) % 17) / 12) for i, share in enumerate(shares)]
    widths = word_widths(shares, needs)
    assert sum(widths) == pytest.approx(sum(shares))
    if sum(needs) <= sum(shares):
        assert all(width >= need - 1e-6 for width, need in zip(widths, needs, strict=True))


def test_a_place_to_keep_is_printed_in_whole_words(drafted, lab_doc, tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext reads the PDF")
    lab_doc["stocks"][6]["keep"] = "at room temperature, used within the hour"
    (tmp_path / "sheet.pdf").write_bytes(sheet_pdf(page_of(drafted, LabProfile.model_validate(lab_doc))))
    text = subprocess.run(["pdftotext", "-layout", str(tmp_path / "sheet.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    assert "temperature" in text


def test_only_the_plate_itself_is_drawn_for_hands(space, lab_doc):
    """A dilution is a transfer or two: no picture of 96 wells for it."""
    lab_doc["robot"] = {"model": "hands", "least_ul": 1, "most_ul": 1000}
    lab_doc["dilutions"] = {"labware": "corning_96_wellplate_360ul_flat", "dead_volume_ul": 5}
    lab = LabProfile.model_validate(lab_doc)
    design = [ProposedExperiment(id="R01-001", role="candidate", settings={"glucose": 0.05, "magnesium": 2.0, "iptg": 500.0, "induction": 0.0})]
    plan = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1).plan
    assert plan.dilutions
    [stage] = hand_stages(plan, lab)
    drawn = [each.picture is not None for each in stage.rounds if not each.title.startswith("Mix ")]
    into_plate = [not any(f" into {name}" in each.title for name in plan.dilution_plates) for each in stage.rounds if not each.title.startswith("Mix ")]
    assert drawn == into_plate
    assert not all(drawn)
