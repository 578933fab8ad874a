"""Layouts, zones and the safety rules as a design meets them: refused with numbers, or in the files' record."""

from __future__ import annotations

import copy
from datetime import date

import pytest

from protocols.compile import compile_plate, draft_plate
from protocols.finding import Refused
from world_model.terms.factors import Discrete
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

ZONES = [{"name": "cold", "columns": [1, 2, 3, 4, 5, 6]}, {"name": "warm", "columns": [7, 8, 9, 10, 11, 12]}]


@pytest.fixture
def known(lab_doc):
    """The lab with hazards known, run by hand: nothing has to be analysed."""
    doc = copy.deepcopy(lab_doc) | {"robot": {"model": "hands", "least_ul": 1, "most_ul": 1000}}
    for stock in doc["stocks"]:
        stock["hazards"] = []
    return doc


@pytest.fixture
def drafted(known, space, design):
    """Draft the design in the lab with some stocks or tables changed."""

    def draft(*, stocks=None, experiments=design, within=space, day=date(2027, 1, 1), attendance="unattended", own_layout=None, **tables):
        doc = copy.deepcopy(known)
        for name, table in tables.items():
            doc[name] = {**doc.get(name, {}), **table} if isinstance(table, dict) else table
        for stock in doc["stocks"]:
            stock.update((stocks or {}).get(stock["name"], {}))
        return draft_plate(
            plate="P", experiments=experiments, space=within, lab=LabProfile.model_validate(doc), seed=1, inoculum_od600=2.0, day=day,
            attendance=attendance, own_layout=own_layout,
        )  # fmt: skip

    return draft


def test_a_good_lab_may_be_left_alone(drafted):
    assert [finding for finding in drafted().findings if finding.severity != "note"] == []


@pytest.mark.parametrize(
    ("change", "rule", "told"),
    [
        ({"stocks": {"IPTG 20mM": {"hazards": None}}}, "hazards", "hazards unknown"),
        ({"stocks": {"M9 5x": {"groups": ["acid"]}, "MgSO4 100mM": {"groups": ["hypochlorite"]}}}, "hazards", "chlorine gas"),
        ({"stocks": {"M9 5x": {"groups": ["acid"]}, "MgSO4 100mM": {"groups": ["azide"]}}}, "hazards", "hydrazoic acid"),
        ({"stocks": {"IPTG 20mM": {"groups": ["heavy metal"]}, "MgSO4 100mM": {"groups": ["azide"]}}}, "hazards", "explosive metal azides"),
        ({"stocks": {"E. coli": {"hazards": ["H330"]}}}, "hazards", "H330 Fatal if inhaled"),
        ({"stocks": {"IPTG 20mM": {"components": {"IPTG": {"concentration": 20, "unit": "mM"}, "AB toxin": {"concentration": 1, "unit": "nM"}}}}}, "hazards", "Ask the person"),
        ({"stocks": {"IPTG 20mM": {"expires": date(2026, 12, 31)}}}, "expiry", "last day 2026-12-31"),
        ({"stocks": {"IPTG 20mM": {"solvent": {"DMSO": 100}}}, "solvent_limits": {"DMSO": 1.0}}, "solvent", "DMSO"),
        ({"on_hand": {"corning_96_wellplate_360ul_flat": 0}}, "on hand", "1 needed"),
    ],
)
def test_what_is_not_safe_is_refused(drafted, change, rule, told):
    """20 mM IPTG in DMSO for 1 mM in the end: 10 µL of 200 are 5 % DMSO."""
    with pytest.raises(Refused) as refused:
        drafted(**change)
    assert rule in {finding.rule for finding in refused.value.findings if finding.severity == "error"}
    assert told in str(refused.value)


def test_the_same_lab_may_run_attended(drafted):
    """What is unknown or grave only asks for a person; what must not meet is refused with one, too."""
    found = drafted(stocks={"IPTG 20mM": {"hazards": None}, "E. coli": {"hazards": ["H330"]}}, attendance="attended").findings
    assert [finding.observed for finding in found if finding.rule == "hazards"] == ["hazards unknown"]
    with pytest.raises(Refused, match="chlorine gas"):
        drafted(stocks={"M9 5x": {"groups": ["acid"]}, "MgSO4 100mM": {"groups": ["hypochlorite"]}}, attendance="attended")


def test_stocks_with_a_last_day_and_no_day_are_told(drafted):
    found = drafted(stocks={"IPTG 20mM": {"expires": date(2026, 12, 31)}}, day=None).findings
    assert [(finding.severity, finding.limit) for finding in found if finding.rule == "expiry"] == [("note", "the day on which it is made, at the latest 2026-12-31")]


def heated(space, temperatures):
    """The space with a temperature, and a design at some temperatures."""
    warm = SearchSpace(factors=(*space.factors, Discrete(name="temperature", unit="°C", values=(30, 33, 37), acts="set")))
    base = {"glucose": 20.0, "magnesium": 2.0, "iptg": 500.0, "induction": 0.0}
    told = [ProposedExperiment(id=f"R01-{i:03d}", role="candidate", settings={**base, "glucose": 10.0 + i, "temperature": float(t)}) for i, t in enumerate(temperatures)]
    return warm, [*told, ProposedExperiment(id="R01-100", role="blank")]


def test_two_temperatures_on_a_plate_of_two_zones(drafted, space):
    warm, design = heated(space, [30, 37, 30, 37, 37])
    draft = drafted(experiments=design, within=warm, plate={"zones": ZONES, "zone_factors": ["temperature"]})
    assert sorted(values["temperature"] for values in draft.record.zone_values.values()) == [30.0, 37.0]
    for experiment in design[:-1]:
        well = next(well for well, name in draft.layout.items() if name == experiment.id)
        zone = "cold" if int(well[1:]) <= 6 else "warm"
        assert draft.record.zone_values[zone]["temperature"] == experiment.settings["temperature"]
        assert draft.planned[experiment.id]["temperature"] == experiment.settings["temperature"]
    assert {name: value for name, value in draft.intent.conditions.items() if "temperature" in name} == {
        f"temperature in {zone}": values["temperature"] for zone, values in draft.record.zone_values.items()
    }
    [note] = [finding for finding in draft.findings if finding.rule == "zones"]
    assert note.severity == "note"


def test_more_temperatures_than_zones_are_refused_and_without_zones_two_are(drafted, space):
    warm, design = heated(space, [30, 33, 37])
    with pytest.raises(Refused, match="at most 2 values on a plate of 2 zones, found 3 values: 30, 33, 37"):
        drafted(experiments=design, within=warm, plate={"zones": ZONES, "zone_factors": ["temperature"]})
    with pytest.raises(Refused, match="one value on the plate"):
        drafted(experiments=design, within=warm)


def test_an_own_layout_is_compiled_as_it_is_and_a_confounded_one_refused(drafted, design):
    own = dict(zip(["B2", "C5", "D7", "E9", "F3", "G11"], [experiment.id for experiment in design], strict=True))
    assert drafted(own_layout=own).layout == own
    # R01-002 repeats R01-001
    with pytest.raises(Refused, match="all 2 wells in column 2: B2, F2"):
        drafted(own_layout={**{well: name for well, name in own.items() if name != "R01-002"}, "F2": "R01-002"})


def test_the_record_is_part_of_the_compiled_plate(known, space, design):
    known["plate"]["blocks"] = 2
    plate = compile_plate(plate="P", experiments=design, space=space, lab=LabProfile.model_validate(known), seed=5)
    assert plate.record.wells == plate.layout
    assert plate.record.seed == 5
    assert set(plate.record.block.values()) == {1, 2}
    assert plate.record.as_dict()["method"] == "drawn"
