"""Last days, lots, solvents and what is on hand: each rule on a good plate with one change."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date

import pytest

from protocols.checks.expiry import check_expiry, check_lots
from protocols.checks.on_hand import check_on_hand, labware_needed
from protocols.checks.safety import check_safety
from protocols.checks.solvent import check_solvent, solvent_percent
from protocols.compile import draft_plate
from world_model.terms.lab_profile import LabProfile

DAY = date(2027, 3, 31)


@pytest.fixture
def draft(lab, space, design):
    return draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1)


@pytest.fixture
def changed(lab_doc):
    """The lab with keys of its own changed, and some stocks."""

    def make(stocks=None, **keys):
        doc = copy.deepcopy(lab_doc) | keys
        for stock in doc["stocks"]:
            stock.setdefault("hazards", [])
            stock.update((stocks or {}).get(stock["name"], {}))
        return LabProfile.model_validate(doc)

    return make


def test_the_last_day_counts(draft, changed):
    for day, found in ((date(2027, 3, 31), 0), (date(2027, 4, 1), 1)):
        lab = changed({"IPTG 20mM": {"expires": date(2027, 3, 31), "lot": "A17"}})
        assert len(check_expiry(draft.plan, lab, day=day)) == found
    [finding] = check_expiry(draft.plan, lab, day=date(2027, 4, 1))
    assert finding.severity == "error"
    assert finding.where == "stock 'IPTG 20mM', lot A17"
    assert finding.observed == "last day 2027-03-31"
    assert "2027-04-01" in finding.limit


def test_a_stock_that_is_not_drawn_may_be_old(draft, changed):
    taken = {t.stock for stage in draft.plan.stages for t in stage.transfers}
    spare = next((stock.name for stock in draft.plan.stocks if stock.name not in taken), None)
    lab = changed({spare: {"expires": date(2020, 1, 1)}} if spare else {})
    assert check_expiry(draft.plan, lab, day=DAY) == []


@pytest.fixture
def two_stocks(draft):
    """The plan with one of its transfers of glucose from the strong stock; and which well that is."""
    setup = draft.plan.stages[0]
    number = next(i for i, transfer in enumerate(setup.transfers) if transfer.stock == "glucose 100mM")
    transfers = tuple(replace(transfer, stock="glucose 1M") if i == number else transfer for i, transfer in enumerate(setup.transfers))
    return replace(draft.plan, stages=(replace(setup, transfers=transfers), *draft.plan.stages[1:])), transfers[number].well


def test_one_component_from_two_lots_is_a_warning_with_the_wells(two_stocks, changed):
    plan, well = two_stocks
    [finding] = check_lots(plan, changed({"glucose 1M": {"lot": "A"}, "glucose 100mM": {"lot": "B"}}))
    assert (finding.rule, finding.severity, finding.where) == ("lots", "warning", "component 'glucose'")
    assert f"lot A in {well}" in finding.observed
    assert "lot B in " in finding.observed
    assert check_lots(plan, changed({"glucose 1M": {"lot": "A"}, "glucose 100mM": {"lot": "A"}})) == []
    assert check_lots(plan, changed({"glucose 1M": {"lot": "A"}})) == []  # an unknown lot may be the same


def test_solvent_is_counted_at_the_end_of_every_stage(draft, changed):
    """IPTG 500 µM from 20 mM is 5 µL of 200 µL: with a stock of 40 % DMSO, 1 % in the end."""
    lab = changed({"IPTG 20mM": {"solvent": {"DMSO": 40}}}, solvent_limits={"DMSO": 0.99})
    [finding] = check_solvent(draft.plan, lab)
    assert (finding.rule, finding.severity) == ("solvent", "error")
    # 1000 µM at 4 h is 10 µL of 200: 2 %
    assert "DMSO up to 2 %" in finding.observed
    assert "after stage induce_4h" in finding.observed or "after stage" in finding.observed
    assert check_solvent(draft.plan, changed({"IPTG 20mM": {"solvent": {"dmso": 40}}}, solvent_limits={"DMSO": 2.0})) == []


def test_a_well_that_waits_holds_less_and_so_more_solvent(changed):
    """100 µL of which 1 µL DMSO, and 100 µL more later: 1 % at first, 0.5 % in the end."""
    lab = changed({"IPTG 20mM": {"solvent": {"DMSO": 100}}}, solvent_limits={"DMSO": 1.0})
    early = solvent_percent({"B2": {"water": 99_000.0, "IPTG 20mM": 1_000.0}}, lab)
    late = solvent_percent({"B2": {"water": 199_000.0, "IPTG 20mM": 1_000.0}}, lab)
    assert early == {("DMSO", "B2"): 1.0}
    assert late == {("DMSO", "B2"): 0.5}


def test_labware_beyond_what_is_on_hand_is_refused(draft, changed):
    """The plate, the reservoir and the rack of tubes: one of each."""
    needed = labware_needed(draft.plan, changed())
    assert needed == {"corning_96_wellplate_360ul_flat": 1, "nest_12_reservoir_15ml": 1, "opentrons_24_tuberack_nest_2ml_screwcap": 1}
    assert check_on_hand(draft.plan, changed(on_hand=needed)) == []
    [finding] = check_on_hand(draft.plan, changed(on_hand={**needed, "nest_12_reservoir_15ml": 0}))
    assert (finding.rule, finding.where, finding.observed) == ("on hand", "nest_12_reservoir_15ml", "1 needed")
    assert "at most 0" in finding.limit


def test_safety_asks_every_rule(draft, two_stocks, changed):
    lots = {"glucose 1M": {"lot": "A"}, "glucose 100mM": {"lot": "B"}, "IPTG 20mM": {"solvent": {"DMSO": 40}, "expires": date(2027, 1, 1), "hazards": None}}
    lab = changed(lots, solvent_limits={"DMSO": 0.5}, on_hand={"corning_96_wellplate_360ul_flat": 0})
    found = check_safety(two_stocks[0], draft.robot, lab, day=DAY, attendance="unattended")
    assert {finding.rule for finding in found} == {"hazards", "expiry", "lots", "solvent", "on hand"}
    assert check_safety(draft.plan, draft.robot, changed(), day=DAY, attendance="unattended") == []
