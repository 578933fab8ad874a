"""One slip in a rich lab file (dilutions, zones, hazards, several machines) gives one mistake, on its line, with a way out."""

from __future__ import annotations

import pytest

from runs.documents.campaign_file import check_campaign
from runs.documents.lab_file import check_lab, load_lab

LAB = """\
name = "rich"
currency = "EUR"

[robot]
model = "Flex"
name = "flex"
gripper = true
pipettes = [
  { name = "flex_1channel_50", mount = "left", tip_racks = ["opentrons_flex_96_tiprack_50ul"] },
  { name = "flex_1channel_1000", mount = "right", tip_racks = ["opentrons_flex_96_tiprack_200ul"] },
]
modules = [{ name = "heaterShakerModuleV1", slot = "D1" }, { name = "temperatureModuleV2", slot = "C1" }]

[[robots]]
model = "OT-2"
name = "ot2"
pipettes = [{ name = "p20_single_gen2", mount = "left", tip_racks = ["opentrons_96_tiprack_20ul"] }]

[[robots]]
model = "Tecan EVO"
name = "evo"
least_ul = 2
most_ul = 900
liquid_class = "Water free dispense"

[plate]
labware = "corning_96_wellplate_360ul_flat"
volume_ul = 200
type = "96 Well Flat"
blocks = 2
zones = [{ name = "left", columns = [1, 2, 3, 4, 5, 6] }, { name = "right", columns = [7, 8, 9, 10, 11, 12] }]
zone_factors = ["temperature"]

[[holders]]
name = "trough"
labware = "nest_12_reservoir_15ml"
dead_volume_ul = 1000
type = "Trough 12"

[dilutions]
labware = "nest_96_wellplate_2ml_deep"
dead_volume_ul = 20
diluent = "water"
type = "96 Deep Well"

[[stocks]]
name = "water"
volume_ml = 28
holder = "trough"
position = "A1"
more_positions = ["A2"]
hazards = []

[[stocks]]
name = "drug in DMSO"
components = { drug = { concentration = 10, unit = "mM" } }
solvent = { DMSO = 100 }
volume_ml = 5
holder = "trough"
position = "A3"
hazards = ["H302", "H319"]
groups = ["organic solvent"]
lot = "A17"
expires = 2027-03-31
price_per_ml = 12.5

[medium]
diluent = "water"

[solvent_limits]
DMSO = 0.5

[on_hand]
opentrons_flex_96_tiprack_50ul = 4

[prices]
corning_96_wellplate_360ul_flat = 3.2
"""
CAMPAIGN = """\
name = "slips"
system = "cells"
zero = "start"
lab = "lab.toml"

[[factors]]
name = "drug"
kind = "continuous"
unit = "µM"
low = 10
high = 50

[[factors]]
name = "temperature"
kind = "discrete"
unit = "°C"
values = [30, 37]

[[measurements]]
name = "OD600"
unit = "OD600"

[[goals]]
readout = "OD600"
direction = "max"

[batch]
candidates = 8

[budget]
experiments = 80
"""


def test_the_rich_file_has_no_mistake_alone_and_with_its_campaign(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    assert check_lab(tmp_path / "lab.toml") == []
    alone = [mistake for mistake in check_campaign(tmp_path / "campaign.toml") if mistake.file == "lab.toml"]
    assert alone == []
    lab = load_lab(tmp_path / "lab.toml")
    assert [robot.called for robot in lab.machines] == ["flex", "ot2", "evo"]
    assert lab.stock("drug in DMSO").expires is not None


SLIPS = [
    ('"p20_single_gen2"', '"p20_singel_gen2"', "robots[0].pipettes[0].name", "a pipette's load name", "'p20_singel_gen2'", "'p20_single_gen2'"),
    ('"p20_single_gen2"', '"flex_1channel_50"', "robots[0].pipettes[0].name", "a pipette of the OT-2", "a pipette of the Flex", "model = 'Flex'"),
    ('"opentrons_96_tiprack_20ul"', '"opentrons_96_tiprack_300ul"', "robots[0].pipettes[0].tip_racks[0]", "made for p20_single_gen2", "300ul", "20ul"),
    ('name = "ot2"', 'name = "Flex"', "robots[0].name", "each machine's name once", "'Flex' again (first in line 4)", "of its own"),
    ('"heaterShakerModuleV1"', '"heaterShakerModulV1"', "robot.modules[0].name", "a module's load name", "'heaterShakerModulV1'", "'heaterShakerModuleV1'"),
    ('slot = "C1"', 'slot = "D1"', "robot.modules[1].slot", "a slot of its own", "D1, where another module stands", ""),
    ('slot = "C1"', 'slot = "E1"', "robot.modules[1].slot", "a slot of the Flex", "'E1'", "'A1'"),
    ('type = "96 Well Flat"\n', "", "plate", "how the Tecan EVO calls this labware", "no type", "its own software"),
    ('type = "Trough 12"\n', "", "holders[0]", "how the Tecan EVO calls this labware", "no type", "its own software"),
    ('type = "96 Deep Well"\n', "", "dilutions", "how the Tecan EVO calls this labware", "no type", "its own software"),
    ("most_ul = 900\n", "", "robots[1]", "most_ul for 'Tecan EVO'", "none", "measures well"),
    ("blocks = 2", "blocks = 13", "plate.blocks", "at most 12", "13", ""),
    ("7, 8, 9, 10, 11, 12] }]", "7, 8, 9, 10, 11, 13] }]", "plate.zones[1].columns", "columns from 1 to 12", "13", "own column numbers"),
    ("7, 8, 9, 10, 11, 12] }]", "6, 7, 8, 9, 10, 11, 12] }]", "plate.zones[1].columns", "each column in one zone", "column 6 in 'left' too", "one of them"),
    ("7, 8, 9, 10, 11, 12] }]", "7, 8, 9, 10, 11] }]", "plate.zones", "every usable column in a zone", "none for column 12", "Add the column"),
    ('zone_factors = ["temperature"]\n', "", "plate.zone_factors", "zones and zone_factors, or neither", "no zone_factors", "Add zone_factors"),
    ('"nest_96_wellplate_2ml_deep"', '"opentrons_96_tiprack_20ul"', "dilutions.labware", "labware that holds liquid", "a tip rack", ""),
    ('"nest_96_wellplate_2ml_deep"', '"nest_96_wellplate_2ml_dep"', "dilutions.labware", "a labware's load name", "'nest_96_wellplate_2ml_dep'", "'nest_96_wellplate_2ml_deep'"),
    ("dead_volume_ul = 20\n", "dead_volume_ul = 2000\n", "dilutions.dead_volume_ul", "less than 2000 µL", "2000 µL", ""),
    ('diluent = "water"\ntype', 'diluent = "watr"\ntype', "dilutions.diluent", "a stock's name", "'watr'", "'water'"),
    ('more_positions = ["A2"]', 'more_positions = ["A3"]', "stocks[1].position", "a place of its own", "where 'water' stands", ""),
    ('more_positions = ["A2"]', 'more_positions = ["A1"]', "stocks[0].more_positions[0]", "each of its wells once", "A1 again", ""),
    ('more_positions = ["A2"]', 'more_positions = ["B2"]', "stocks[0].more_positions[0]", "a well of nest_12_reservoir_15ml", "'B2'", "'A2'"),
    ('more_positions = ["A2"]', 'more_positions = ["well 2"]', "stocks[0].more_positions[0]", "a well such as A1", "'well 2'", ""),
    ("volume_ml = 28", "volume_ml = 31", "stocks[0].volume_ml", "at most 30 mL, what 2 wells", "31 mL", ""),
    ("volume_ml = 28", "volume_ml = 2", "stocks[0].volume_ml", "dead volume of 2000 µL in 2 wells", "2000 µL", ""),
    ('"H302"', '"H392"', "stocks[1].hazards[0]", "a GHS or EUH hazard statement", "'H392'", "'H372'"),
    ('"H302"', '"h302"', "stocks[1].hazards[0]", "a GHS or EUH hazard statement", "'h302'", "'H302'"),
    ('"H302", "H319"', '"H302+H319"', "stocks[1].hazards[0]", "a GHS or EUH hazard statement", "'H302+H319'", "Write 'H302', 'H319'"),
    ('"organic solvent"', '"organic solvents"', "stocks[1].groups[0]", "a reactive group", "'organic solvents'", "'organic solvent'"),
    ("expires = 2027-03-31", 'expires = "31.3.2027"', "stocks[1].expires", "a date such as 2027-03-31", "'31.3.2027'", ""),
    ("expires = 2027-03-31", "expires = 2027", "stocks[1].expires", "a date such as 2027-03-31", "2027", ""),
    ("DMSO = 0.5", "DMOS = 0.5", "solvent_limits.DMOS", "a solvent of some stock", "'DMOS'", "'DMSO'"),
    ("DMSO = 0.5", "DMSO = 500", "solvent_limits.DMSO", "at most 100 %", "500", ""),
    ("DMSO = 100 }", "DMSO = 101 }", "stocks[1].solvent", "at most 100 % (v/v) in all", "101 %", ""),
    ("opentrons_flex_96_tiprack_50ul = 4", "opentrons_flex_96_tiprack_5ul = 4", "on_hand.opentrons_flex_96_tiprack_5ul", "a labware's load name", "tiprack_5ul", "50ul"),
    ("opentrons_flex_96_tiprack_50ul = 4", "opentrons_flex_96_tiprack_50ul = -4", "on_hand.opentrons_flex_96_tiprack_50ul", "at least 0", "-4", ""),
    ("corning_96_wellplate_360ul_flat = 3.2", "corning_96_wellplate_360_flat = 3.2", "prices.corning_96_wellplate_360_flat", "a labware's load name", "360_flat", "360ul_flat"),
    ("corning_96_wellplate_360ul_flat = 3.2", "corning_96_wellplate_360ul_flat = -3.2", "prices.corning_96_wellplate_360ul_flat", "at least 0", "-3.2", ""),
    ("price_per_ml = 12.5", "price_per_ml = -1", "stocks[1].price_per_ml", "at least 0", "-1", ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "expected", "found", "mend"), SLIPS)
def test_a_slip_in_a_rich_lab_file_gives_one_mistake(tmp_path, old, new, where, expected, found, mend):
    assert LAB.count(old) >= 1, old
    text = LAB.replace(old, new, 1)
    (tmp_path / "lab.toml").write_text(text)
    mistakes = check_lab(tmp_path / "lab.toml")
    assert len(mistakes) == 1, "\n".join(map(str, mistakes))
    [mistake] = mistakes
    assert mistake.where == where
    assert expected in mistake.expected
    assert found in mistake.found
    assert mend in mistake.mend
    assert mistake.line is not None
    if new and where != "stocks[1].position" and mistake.where.rpartition(".")[2].partition("[")[0] in new:
        assert new.split("\n")[0] in text.split("\n")[mistake.line - 1]


@pytest.mark.parametrize(
    ("name", "expected", "found"),
    [("temperatur", "a factor of campaign.toml", "'temperatur'"), ("drug", "a condition of the whole well", "'drug', which is pipetted")],
)
def test_a_zone_factor_is_a_condition_of_the_campaign(tmp_path, name, expected, found):
    (tmp_path / "lab.toml").write_text(LAB.replace('zone_factors = ["temperature"]', f'zone_factors = ["{name}"]'))
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    mistakes = [mistake for mistake in check_campaign(tmp_path / "campaign.toml") if "zone_factors" in mistake.where]
    assert [(mistake.file, mistake.where) for mistake in mistakes] == [("lab.toml", "plate.zone_factors[0]")]
    assert expected in mistakes[0].expected
    assert found in mistakes[0].found


def test_an_echo_needs_a_source_plate_that_it_knows(tmp_path):
    """Holders without a type are poured by hand; without any type the Echo has nothing to draw from."""
    echo = LAB[: LAB.index("[robot]")] + '[robot]\nmodel = "Echo 650"\nmost_ul = 5\n\n' + LAB[LAB.index("[plate]") :]
    (tmp_path / "lab.toml").write_text(echo)
    assert check_lab(tmp_path / "lab.toml") == []
    (tmp_path / "lab.toml").write_text(echo.replace('type = "Trough 12"\n', ""))
    [mistake] = check_lab(tmp_path / "lab.toml")
    assert mistake.where == "holders[0]"
    assert "384PP_AQ_BP" in mistake.expected
