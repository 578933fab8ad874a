"""The example campaigns that ship: they parse, their labs open, and their bench can make what they ask for."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import runs
from world_model.labs.registry import open_lab
from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.factors import Categorical
from world_model.terms.lab_profile import LabProfile
from world_model.terms.space import SearchSpace

EXAMPLES = Path(runs.__file__).parent / "examples"


def doc(name: str) -> CampaignDoc:
    return CampaignDoc.model_validate(tomllib.loads((EXAMPLES / f"{name}.toml").read_text()))


@pytest.fixture(scope="module")
def bench() -> LabProfile:
    return LabProfile.model_validate(tomllib.loads((EXAMPLES / "microplate_lab.toml").read_text()))


@pytest.mark.parametrize("name", ["microplate", "penicillin"])
def test_a_simulated_campaign_opens_the_lab_that_it_names(name):
    campaign = doc(name)
    space = SearchSpace(factors=campaign.factors, constraints=campaign.constraints)
    lab = open_lab(campaign.answers, doc=campaign, space=space, base=EXAMPLES)
    assert lab.name == name


def test_the_plate_is_filled_exactly_and_the_budget_is_four_plates():
    campaign = doc("microplate")
    assert campaign.wells_per_round == 60  # the inner wells of 96: 6 × 10
    assert campaign.budget.experiments == campaign.budget.rounds * campaign.wells_per_round
    assert SearchSpace(factors=campaign.factors).reasons_against(campaign.controls[0].settings) == []


def test_the_arylation_campaign_takes_its_candidates_from_the_table_it_is_run_with():
    campaign = doc("arylation")
    assert campaign.candidates.file is None
    assert campaign.candidates.columns == ("Base", "Ligand", "Solvent", "Concentration", "Temp_C")
    assert campaign.budget.experiments % campaign.batch.candidates == 0


def test_strong_and_weak_stocks_together_reach_every_concentration_from_one_microlitre_up(bench: LabProfile):
    # the weak one goes up to where the strong one's first microlitre begins, at the price of strong/weak µL: a fifth of the well at most
    volume = bench.plate.volume_ul
    for factor in doc("microplate").factors:
        if factor.action == "time" or isinstance(factor, Categorical):
            continue
        component = bench.component_of(factor.name)
        weak, strong = sorted(bench.concentration_in(stock, component, factor.unit) for stock in bench.stocks_with(component))
        assert weak * 1.0 / volume <= factor.bounds[0] * (1 + 1e-9)
        assert strong / weak <= 0.2 * volume


def test_the_fullest_well_has_room(bench: LabProfile):
    volume, used = bench.plate.volume_ul, 0.0
    for factor in doc("microplate").factors:
        if factor.action != "time":
            component = bench.component_of(factor.name)
            strengths = sorted(bench.concentration_in(stock, component, factor.unit) for stock in bench.stocks_with(component))
            # the most that either stock is asked for: the weak up to the strong one's first microlitre, the strong up to the bound
            used += max(strengths[1] / strengths[0], factor.bounds[1] * volume / strengths[1])
    for component, amount in bench.medium.base.items():
        used += amount.concentration * volume / bench.concentration_in(bench.stocks_with(component)[0], component, amount.unit)
    used += bench.cells.final_od600 * volume / bench.cells.expected_od600
    assert used < volume


def test_labware_exists_and_holds_the_stocks(bench: LabProfile):
    labware = pytest.importorskip("opentrons_shared_data.labware")

    def newest(load_name: str) -> dict:
        folder = Path(labware.__file__).parents[1] / "data" / "labware" / "definitions" / "2" / load_name
        versions = sorted(folder.glob("*.json"), key=lambda path: int(path.stem))
        assert versions, f"no labware {load_name!r}"
        return json.loads(versions[-1].read_text())

    for pipette in bench.robot.pipettes:
        for rack in pipette.tip_racks:
            assert newest(rack)["parameters"]["isTiprack"]
    plate = newest(bench.plate.labware)
    assert len(plate["wells"]) == 96
    assert min(well["totalLiquidVolume"] for well in plate["wells"].values()) >= bench.plate.volume_ul
    holders = {holder.name: newest(holder.labware) for holder in bench.holders}
    for stock in bench.stocks:
        assert stock.volume_ml * 1000 <= holders[stock.holder]["wells"][stock.position]["totalLiquidVolume"]


def test_the_water_lasts_for_a_round(bench: LabProfile):
    dead = {holder.name: holder.dead_volume_ul for holder in bench.holders}

    def usable(name: str) -> float:
        stock = bench.stock(name)
        return stock.volume_ml * 1000 - dead[stock.holder]

    assert usable("edge water") >= 36 * bench.plate.volume_ul
    assert usable("water") >= 60 * bench.plate.volume_ul
    assert usable("M9 salts 5x") >= 60 * bench.plate.volume_ul / 5
