"""The ledger's figures against sums by hand."""

from __future__ import annotations

import pytest

from protocols.audit.audit import Audit, audit_trace
from protocols.audit.contents import AIR, Tip, Well
from protocols.engine.client import warm_engine
from runs.bench.audit_cases import flex, ot2


def audit(text: str) -> Audit:
    return audit_trace(warm_engine().trace(text))


def volumes(told: Audit) -> dict[str, float]:
    return {f"{well.slot}/{well.well}": well.volume_ul for well in told.wells}


def test_a_well_gives_its_liquids_in_proportion():
    well = Well(capacity_ul=100, holds={"a": 30.0, "b": 10.0})
    assert well.take(20, beyond=AIR) == pytest.approx({"a": 15.0, "b": 5.0})
    assert well.take(30, beyond=AIR) == pytest.approx({"a": 15.0, "b": 5.0, AIR: 10.0})
    assert well.balance_ul == pytest.approx(-10.0)


def test_a_tip_gives_last_in_first_out():
    tip = Tip(rack="r", place="A1", capacity_ul=200)
    tip.push({"a": 50.0})
    tip.push({AIR: 10.0})
    assert tip.pop(25) == pytest.approx({AIR: 10.0, "a": 15.0})
    assert tip.held_ul == pytest.approx(35.0)


def test_eight_nozzles_draw_eight_times():
    told = audit(flex("p.transfer(100, res['A1'], plate['A1'])", pipette="flex_8channel_1000"))
    assert volumes(told) == pytest.approx({"C1/A1": 10000 - 800, "C1/A2": 5000, **{f"C2/{row}1": 100 for row in "ABCDEFGH"}})
    assert told.tips == {"opentrons_flex_96_tiprack_200ul in slot B1": 8}


def test_a_serial_dilution_halves_at_each_step():
    told = audit(flex("plate['A1'].load_liquid(dye, 200)\np.transfer(100, res['A1'], plate.rows()[0][1:4])\np.pick_up_tip()\np.transfer(100, plate.rows()[0][:3], plate.rows()[0][1:4], new_tip='never', mix_after=(3, 50))\np.drop_tip()"))
    dye = {well.well: well.liquids.get("dye", 0.0) for well in told.wells if well.slot == "C2"}
    assert dye == pytest.approx({"A1": 100, "A2": 50, "A3": 25, "A4": 25})


def test_an_air_gap_of_the_old_kind_is_air():
    told = audit(ot2("p.transfer(100, res['A1'], plate['A1'], air_gap=20)"))
    assert volumes(told)["2/A1"] == pytest.approx(9900)
    assert volumes(told)["3/A1"] == pytest.approx(100)


def test_what_is_blown_out_lands_in_the_well():
    told = audit(flex("p.pick_up_tip()\np.aspirate(100, res['A1'])\np.dispense(60, plate['A1'])\np.blow_out(plate['B1'])\np.drop_tip()"))
    assert volumes(told)["C2/B1"] == pytest.approx(40)
    assert told.passed


def test_a_finding_names_command_line_and_well():
    text = flex("p.transfer(100, res['A5'], plate['A1'])")
    line = text.splitlines().index("    p.transfer(100, res['A5'], plate['A1'])") + 1
    finding = next(found for found in audit(text).findings if found.rule == "overdrawn source")
    assert f"line {line}:" in finding.where
    assert "A5 of slot C1 (nest_12_reservoir_15ml)" in finding.where
    assert finding.observed == "100 µL drawn from 0 µL"


def test_after_the_engines_error_it_says_what_was_not_seen_and_keeps_its_own_findings():
    told = audit(flex("p.transfer(1, res['A1'], plate['A1'])\np.aspirate(50, res['A1'])\np.transfer(1, res['A2'], plate['A1'])"))
    rules = [finding.rule for finding in told.findings]
    assert {"below the pipette", "no tip", "not seen"} <= set(rules)
    assert next(finding for finding in told.findings if finding.rule == "below the pipette").where.count("command") == 1


def test_three_mistakes_are_told_at_once():
    told = audit(flex("p.transfer(400, res['A5'], plate['A1'])\np.pick_up_tip()\nctx.delay(seconds=-1)"))
    assert {"overdrawn source", "tip left on", "delay"} == {finding.rule for finding in told.findings if finding.severity == "error"}


def test_a_well_that_is_not_declared_is_a_warning_where_nothing_is():
    text = 'requirements = {"robotType": "Flex", "apiLevel": "2.24"}\ndef run(ctx):\n    rack = ctx.load_labware("opentrons_flex_96_tiprack_200ul", "B1")\n    plate = ctx.load_labware("corning_96_wellplate_360ul_flat", "C2")\n    ctx.load_trash_bin("A3")\n    p = ctx.load_instrument("flex_1channel_1000", "left", [rack])\n    for i in range(3):\n        p.transfer(50, plate["A1"], plate["B1"])\n'
    told = audit(text)
    assert told.passed
    found = [finding for finding in told.findings if finding.rule == "source never declared"]
    assert len(found) == 1
    assert found[0].observed.startswith("150 µL")
