"""One small change of a right file makes one rule fire, and taking it back makes it silent; the ledger is bent for the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.audit.audit import audit_trace
from protocols.audit.ledger import walk
from protocols.audit.rules import engine_ledger, mass_balance, tip_capacity, unfollowed
from protocols.engine.client import warm_engine
from runs.bench.audit_cases import flex

GOOD = "p.pick_up_tip()\np.aspirate({volume}, res['{source}'].bottom({z}))\np.dispense({volume}, plate['A1'])\n{end}"
RIGHT = {"volume": "50", "source": "A1", "z": "1", "end": "p.drop_tip()"}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, None), ({"volume": "2"}, "below the pipette"), ({"volume": "0"}, "no volume"), ({"source": "A7"}, "overdrawn source"),
        ({"z": "-0.5"}, "below the bottom"), ({"end": "pass"}, "tip left on"), ({"end": "p.drop_tip()\nctx.delay(seconds=-1)"}, "delay"),
    ],
)  # fmt: skip
def test_one_change_fires_one_rule(change: dict[str, str], rule: str | None):
    told = audit_trace(warm_engine().trace(flex(GOOD.format(**(RIGHT | change)))))
    assert {finding.rule for finding in told.findings if finding.severity == "error"} == ({rule} if rule else set())


@pytest.fixture(scope="module")
def good():
    return warm_engine().trace(flex(GOOD.format(**RIGHT)))


def test_an_engine_that_counts_otherwise_is_told(good):
    place = next(place for place, volume in good.final_ul.items() if volume == 50)
    bent = replace(good, final_ul=good.final_ul | {place: 49.0})
    assert list(engine_ledger.find(walk(good))) == []
    (found,) = engine_ledger.find(walk(bent))
    assert found.rule == "ledgers differ"


def test_liquid_that_is_nowhere_is_told(good):
    walked = walk(good)
    assert list(mass_balance.find(walked)) == []
    (found,) = mass_balance.find(replace(walked, loaded_ul=walked.loaded_ul + 7))
    assert found.observed.startswith("7 µL")


def test_more_than_the_tip_holds_is_told_by_our_own_count_too(good):
    """The engine refuses it by itself; here its command stream is bent to 250 µL in a tip of 200."""
    assert list(tip_capacity.find(walk(good))) == []
    bent = replace(good, commands=tuple(replace(one, params=one.params | {"volume": 250.0}) if one.kind == "aspirate" else one for one in good.commands))
    (found,) = tip_capacity.find(walk(bent))
    assert (found.observed, found.limit) == ("250 µL in the tip", "at most 200 µL")


def test_a_command_that_is_not_followed_is_told(good):
    bent = replace(good, commands=tuple(replace(one, kind="pressureDispense") if one.kind == "dispense" else one for one in good.commands))
    assert [found.observed for found in unfollowed.find(walk(bent))] == ["the command pressureDispense"]


def test_a_temperature_that_is_not_waited_for_is_told():
    body = "tm = ctx.load_module('temperature module gen2', 'D1')\ncold = tm.load_labware('opentrons_96_aluminumblock_nest_wellplate_100ul')\ncold.load_empty(cold.wells())\n{}\np.transfer(50, res['A1'], cold['A1'])"
    started = audit_trace(warm_engine().trace(flex(body.format("tm.start_set_temperature(4)"))))
    waited = audit_trace(warm_engine().trace(flex(body.format("tm.set_temperature(4)"))))
    assert "temperature not reached" in {finding.rule for finding in started.findings}
    assert "temperature not reached" not in {finding.rule for finding in waited.findings}


def test_a_tip_above_the_liquid_is_told():
    body = "plate['B1'].load_liquid(dye, 100)\np.pick_up_tip()\np.aspirate(20, plate['B1'].bottom({}))\np.dispense(20, plate['A1'])\np.drop_tip()"
    # 100 µL of 360 stand about 3 mm high in 10.67 mm
    high = audit_trace(warm_engine().trace(flex(body.format(5))))
    low = audit_trace(warm_engine().trace(flex(body.format(1))))
    assert "tip above the liquid" in {finding.rule for finding in high.findings}
    assert "tip above the liquid" not in {finding.rule for finding in low.findings}
