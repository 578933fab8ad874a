"""The ready profiles of benches: each passes every check with the campaign that `nextwell new` writes, and is compiled."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from protocols.checks.safety import check_safety
from protocols.compile import compile_plate
from protocols.draft import draft_plate
from protocols.layout import lay_out, layout_reasons
from runs.documents.campaign_file import LoadedCampaign, check_campaign, load_campaign
from runs.documents.new_campaign import known_labs, write_new
from world_model.terms.errors import DocumentError
from world_model.terms.proposal import ProposedExperiment

LABS = ("echo-650", "flex", "hands", "ot-2", "tecan-evo")


def a_round(loaded: LoadedCampaign) -> list[ProposedExperiment]:
    """16 conditions within the bounds and the constraint (osmolarity), in duplicate, 3 controls, 3 blanks."""
    chance = np.random.default_rng(1)
    unit = chance.random((16, 3))
    settings = [{"glucose": 2 + 48 * float(g), "magnesium": 0.1 + 3.9 * float(m), "iptg": 0.005 * 200 ** float(i)} for g, m, i in unit]
    made = [ProposedExperiment(id=f"c{i}", role="candidate", settings=told) for i, told in enumerate(settings)]
    made += [ProposedExperiment(id=f"r{i}", role="replicate", settings=told, repeat_of=f"c{i}") for i, told in enumerate(settings)]
    made += [ProposedExperiment(id=f"k{i}", role="control", settings=dict(loaded.doc.controls[0].settings)) for i in range(3)]
    return made + [ProposedExperiment(id=f"b{i}", role="blank") for i in range(3)]


def test_the_ready_profiles_are_those():
    assert known_labs() == LABS


@pytest.mark.parametrize("lab", LABS)
def test_a_ready_profile_passes_every_check(tmp_path, lab):
    campaign, _ = write_new(tmp_path / "mine", lab=lab)
    assert check_campaign(campaign) == []


@pytest.mark.parametrize("lab", LABS)
def test_a_ready_profile_knows_the_hazards_of_its_stocks(tmp_path, lab):
    profile = load_campaign(write_new(tmp_path / "mine", lab=lab)[0]).lab
    assert profile is not None
    assert [stock.name for stock in profile.stocks if stock.hazards is None] == []


@pytest.mark.parametrize("lab", LABS)
def test_a_ready_profile_lays_out_a_round_in_two_blocks(tmp_path, lab):
    """16 conditions in duplicate, 3 controls, 3 blanks: two replicates are in two blocks."""
    loaded = load_campaign(write_new(tmp_path / "mine", lab=lab)[0])
    assert loaded.lab is not None
    round_ = a_round(loaded)
    assert layout_reasons(round_, loaded.lab, seed=1, plate="P") == []
    record = lay_out(round_, loaded.lab, seed=1, plate="P")
    block = {name: record.block[well] for well, name in record.wells.items()}
    assert [i for i in range(16) if block[f"c{i}"] == block[f"r{i}"]] == []


def test_an_unknown_profile_is_refused_with_the_known_ones_and_nothing_is_written(tmp_path):
    with pytest.raises(DocumentError, match="echo-650, flex, hands, ot-2, tecan-evo"):
        write_new(tmp_path / "mine", lab="tecan")
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("lab", LABS)
def test_a_ready_profile_is_compiled_and_its_liquids_may_be_left_alone(tmp_path, lab):
    """A round within the campaign's bounds: files for two stages that were read back, and no finding of the safety rules."""
    loaded = load_campaign(write_new(tmp_path / "mine", lab=lab)[0])
    assert loaded.lab is not None
    plate = compile_plate(plate="P", experiments=a_round(loaded), space=loaded.space, lab=loaded.lab, seed=1)
    assert [stage.at_h for stage in plate.stages] == [0, 2]
    assert plate.verification.passed
    robot = draft_plate(plate="P", experiments=a_round(loaded), space=loaded.space, lab=loaded.lab, seed=1).robot
    assert check_safety(plate.plan, robot, loaded.lab, day=date(2026, 11, 23), attendance="unattended") == []
