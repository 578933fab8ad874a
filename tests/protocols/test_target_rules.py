"""What a lab file lacks for a robot is told before anything is written: each rule fires on one change of a good bench."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from protocols.device import BY_HAND, Device
from protocols.draft import draft_plate
from protocols.finding import Refused, errors_in
from protocols.preflight import check_lab
from protocols.target_rules import check_names, check_steps, check_stocks, check_target
from world_model.terms.lab_profile import LabProfile

_found = spec_from_file_location("machine_benches", Path(__file__).parent / "emitters" / "conftest.py")
assert _found is not None and _found.loader is not None
benches = module_from_spec(_found)
_found.loader.exec_module(benches)


def bent(machine: str, **changes) -> LabProfile:
    """A good bench with one thing changed: `holder={"type": …}` bends the first holder, `robot`, `plate`, `dilutions` likewise."""
    document = benches.lab_for(machine).model_dump(mode="json", exclude_none=True)
    for key, change in changes.items():
        told = document["holders"][0] if key == "holder" else document[key]
        told |= change
        if key == "holder" and "name" in change:
            for stock in document["stocks"]:
                stock["holder"] = change["name"] if stock["holder"] == "reservoir" else stock["holder"]
    return LabProfile.model_validate(document)


@pytest.mark.parametrize("machine", benches.MACHINES)
def test_good_benches_pass(machine):
    assert check_target(benches.lab_for(machine)) == []


RULES = [
    ("evo", {"holder": {"name": "a holder with far too long a name for it"}}, "rack label"),
    ("evo", {"holder": {"name": "plate"}}, "rack label"),
    ("evo", {"holder": {"name": "dilutions 1"}}, "rack label"),
    ("evo", {"holder": {"type": "Trough; 100 ml"}}, "labware type"),
    ("evo", {"plate": {"type": "Platte für 96"}}, "labware type"),
    ("evo", {"robot": {"liquid_class": "a;b"}}, "liquid class"),
    ("echo", {"plate": {"type": ""}}, "plate type"),
    ("echo", {"plate": {"type": 'a"b'}}, "labware type"),
    ("echo", {"plate": {"volume_ul": 30.001}}, "well volume"),
    ("starlet", {"holder": {"type": ""}}, "labware type"),
    ("starlet", {"holder": {"type": "os.system"}}, "labware type"),
    ("starlet", {"holder": {"name": "trash"}}, "rack label"),
    ("starlet", {"robot": {"most_ul": 1200}}, "tips"),
    ("hands", {"plate": {"volume_ul": 30.05}}, "well volume"),
]


@pytest.mark.parametrize(("machine", "change", "rule"), RULES)
def test_each_rule_fires_on_one_change_of_a_good_bench(machine, change, rule):
    told = check_target(bent(machine, **change))
    assert [finding.rule for finding in told] == [rule]
    assert told[0].severity == "error" and told[0].observed and told[0].limit and (told[0].mend or machine == "starlet")


@pytest.mark.skipif(find_spec("pylabrobot") is None, reason="not installed: pylabrobot")
def test_a_resource_that_pylabrobot_lacks_gets_the_nearest_name():
    (told,) = check_target(bent("starlet", plate={"type": "cor_96_wellplate_360ul_Fb"}))
    assert "cor_96_wellplate_360uL_Fb" in told.mend
    (told,) = check_target(bent("starlet", plate={"type": "NEST_96_wellplate_2200uL_Ub", "labware": "corning_24_wellplate_3.4ml_flat"}))
    assert told.observed == "NEST_96_wellplate_2200uL_Ub with 96 wells"


def test_an_echo_fills_wells_up_in_drops_so_its_diluent_stands_in_a_source_plate():
    document = benches.lab_for("echo").model_dump(mode="json", exclude_none=True)
    document["stocks"][0] |= {"holder": "reservoir", "position": "A5", "more_positions": []}
    assert [finding.rule for finding in check_lab(LabProfile.model_validate(document))] == ["device range"]
    for holder in document["holders"]:
        holder["type"] = ""
    assert "plate type" in [finding.rule for finding in check_target(LabProfile.model_validate(document))]


def test_a_volume_outside_what_moves_it_is_found(drafted):
    _, draft = drafted
    narrow = Device(name="narrow", least_nl=2_000, most_nl=50_000, step_nl=100, by="tips")
    told = {finding.observed for finding in check_steps(draft.emitted.work, machine=narrow, hands=BY_HAND)}
    assert "1 µL" in told and "76.5 µL" in told
    assert check_steps(draft.emitted.work, machine=draft.plan.device, hands=BY_HAND) == []


def test_what_a_plate_draws_is_held_against_every_well_of_a_stock(drafted):
    from dataclasses import replace

    lab, draft = drafted
    assert check_stocks(draft.plan, lab) == []
    poor = tuple(replace(stock, start_nl=dict.fromkeys(stock.start_nl, 55_000)) if stock.name == "E. coli" else stock for stock in draft.plan.stocks)
    (told,) = check_stocks(replace(draft.plan, stocks=poor), lab)
    # five wells of 2.5 µL, and 50 µL that can't be drawn
    assert (told.rule, told.limit, told.mend) == ("stock runs dry", "at least 62.5 µL in it", "Provide volume_ml = 0.07 or more.")


def test_a_holder_may_not_have_the_plates_name(drafted):
    from dataclasses import replace

    lab, draft = drafted
    assert check_names(draft.plan, lab) == []
    assert [finding.rule for finding in check_names(replace(draft.plan, plate="deep"), lab)] == ["rack label"]


def test_a_refusal_names_every_reason():
    lab = bent("evo", holder={"name": "plate", "type": "a;b"}, robot={"liquid_class": "c;d"})
    with pytest.raises(Refused) as refusal:
        draft_plate(plate="P", experiments=benches.DESIGN, space=benches.SPACE, lab=lab, seed=1)
    assert {finding.rule for finding in errors_in(refusal.value.findings)} >= {"rack label", "labware type", "liquid class"}


@pytest.fixture(scope="module")
def drafted():
    lab = benches.lab_for("fluent")
    return lab, draft_plate(plate="P-R01", experiments=benches.DESIGN, space=benches.SPACE, lab=lab, seed=2)
