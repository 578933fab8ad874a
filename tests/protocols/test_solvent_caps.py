"""A cap on a solvent tells how far it lets a factor go, by C1·V1 = C2·V2 and volume fractions."""

from __future__ import annotations

import pytest

from protocols.draft import draft_plate
from protocols.emitters.tables import well_rows
from protocols.finding import errors_in
from protocols.reach import reach
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="drug", unit="µM", low=0, high=20), Continuous(name="dye", unit="µM", low=100, high=200)))


def bench(cap, *, drug_dmso=100):
    """200 µL wells by hand (0.5 µL at least, steps of 0.1 µL); drug 0.5 mM in DMSO, dye 4 mM in 5 % DMSO."""
    return LabProfile.model_validate(
        {
            "name": "bench", "robot": {"model": "hands", "least_ul": 0.5, "most_ul": 1000},
            "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 200},
            "holders": [{"name": "tubes", "labware": "opentrons_24_tuberack_nest_2ml_screwcap", "dead_volume_ul": 50}],
            "stocks": [
                {"name": "water", "volume_ml": 1.5, "holder": "tubes", "position": "A1"},
                {"name": "drug 0.5 mM", "components": {"drug": {"concentration": 0.5, "unit": "mM"}}, "solvent": {"DMSO": drug_dmso} if drug_dmso else {}, "volume_ml": 1, "holder": "tubes", "position": "A2"},
                {"name": "dye 4 mM", "components": {"dye": {"concentration": 4, "unit": "mM"}}, "solvent": {"DMSO": 5}, "volume_ml": 1, "holder": "tubes", "position": "A3"},
            ],
            "medium": {"diluent": "water"}, "solvent_limits": {"DMSO": cap},
        }
    )  # fmt: skip


def test_the_cap_less_what_others_take_bounds_a_factor():
    """Dye 100 µM is 5 µL of 4 mM: 0.25 µL DMSO, 0.125 %. Of 1 % stay 1.75 µL of drug stock, 1.7 in steps: 4.25 µM."""
    found = reach(SPACE, bench(1))
    step_ul = next(iter(found.solver.devices.values())).step_nl / 1000
    expected = int(1.75 / step_ul + 1e-9) * step_ul * 500 / 200
    assert found.highest["drug"] == pytest.approx(expected)
    [told] = [finding for finding in found.findings if finding.rule == "solvent"]
    assert told.severity == "warning"
    assert f"at most {expected:.4g} µM" in told.limit
    assert "the cap of 1 % DMSO" in told.limit
    assert "% is taken by dye" in told.limit


def test_a_stock_without_the_solvent_is_not_bounded():
    assert not [finding for finding in reach(SPACE, bench(1, drug_dmso=0)).findings if finding.rule == "solvent"]


def test_a_cap_below_a_factors_lower_bound_is_an_error():
    """Dye 100 µM alone brings 0.125 % DMSO."""
    [told] = [finding for finding in errors_in(reach(SPACE, bench(0.1)).findings) if "dye" in finding.where]
    assert told.rule == "solvent"


def test_a_refusal_says_the_cap_as_written_and_what_later_additions_take():
    """Drug 20 µM is 8 µL of stock, 4 % DMSO; dye 100 µM, added later, takes 0.125 %."""
    later = SearchSpace(factors=(SPACE["drug"], Continuous(name="dye", unit="µM", low=100, high=200, acts="dose", at=0.5)))
    told = " ".join(map(str, reach(later, bench(0.5)).reasons_against({"drug": 20, "dye": 100})))
    assert "at most 0.5 % DMSO in the well, of which 0.1" in told
    assert "found 4 % DMSO" in told


def test_solvents_are_listed_in_wells_csv_with_asked_0():
    """Drug 2.5 µM is 1 µL of pure DMSO in 200 µL: 0.5 %; dye 100 µM brings 5 µL of 5 %, 0.125 %."""
    design = [ProposedExperiment(id="R01-001", role="candidate", settings={"drug": 2.5, "dye": 100}), ProposedExperiment(id="R01-002", role="blank")]
    rows = well_rows(draft_plate(plate="P1", experiments=design, space=SPACE, lab=bench(1), seed=1).plan)
    [row] = [row for row in rows if row.component == "DMSO"]
    assert (row.experiment_id, row.asked, row.unit) == ("R01-001", 0.0, "% (v/v)")
    assert row.planned == pytest.approx(0.625)
