"""The bench sheet says what a person must know, needs nothing from outside, and takes names as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from protocols.bench_sheet.sheet import bench_sheet
from protocols.compile import draft_plate
from world_model.terms.lab_profile import LabProfile


def test_it_says_when_the_plate_leaves_and_returns(compiled):
    text = re.sub(r"<[^>]+>", " ", compiled.bench_sheet_html)
    text = re.sub(r"\s+", " ", text)
    order = ["Run setup.py", "Read from 0 h until 2 h", "Take the plate out", "Run induce_2h.py", "Return the plate", "Read from 2 h until 4 h", "Run induce_4h.py", "Read from 4 h to the end"]
    places = [text.index(sentence) for sentence in order]
    assert places == sorted(places)


def test_it_lists_what_to_provide_with_the_dead_volume(compiled):
    # IPTG: 5 + 5 µL at 2 h, 3 µL in the set-up, 10 µL at 4 h = 23 µL, and 50 µL that stay in the tube
    row = next(line for line in compiled.bench_sheet_html.splitlines() if "<strong>IPTG 20mM</strong>" in line)
    assert "A3 of tubes" in row
    assert "23 µL" in row
    assert "73 µL" in row
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
