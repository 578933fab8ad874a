"""What wells share, in campaign files: each mistake on its line, and rounds that compile."""

from __future__ import annotations

from collections import Counter
from importlib import resources

import pytest

from protocols.draft import draft_plate
from runs.documents.campaign_file import check_campaign, load_campaign
from runs.verbs.batch_on_plate import batch_on_plate, zone_sizes
from runs.verbs.from_file import open_file
from runs.verbs.propose import propose

TEMPLATES = {name: resources.files("runs.documents").joinpath("templates", name).read_text() for name in ("campaign.toml", "lab.toml")}
WARM = '[[factors]]\nname = "temperature"\nkind = "discrete"\nunit = "°C"\nvalues = [30, 33, 37, 40]\n\n# What must hold'
SHARED = '\n[[batch.shared]]\nfactors = ["temperature"]\n'
ZONES = (
    'zones = [{ name = "left", columns = [1, 2, 3, 4, 5, 6] }, { name = "right", columns = [7, 8, 9, 10, 11, 12] }]\nzone_factors = ["temperature"]\n'
)


def written(folder, *, shared="", zones="", slips=(), small=True):
    text = TEMPLATES["campaign.toml"].replace("# What must hold", WARM).replace('answers = "microplate"', "")
    if small:
        text = text.replace("candidates = 16 ", "candidates = 5 ").replace("replicates = 2 ", "replicates = 1 ")
    text = text.replace("[[controls]]", shared + "\n[[controls]]")
    for old, new in slips:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "campaign.toml").write_text(text)
    lab = TEMPLATES["lab.toml"].replace('use = "inner"', zones + 'use = "inner"', 1)
    (folder / "lab.toml").write_text(lab)
    return folder / "campaign.toml"


def proposed(path, folder):
    campaign = open_file(path, workspace=folder / "lab").campaign
    try:
        return campaign, propose(campaign).round.experiments
    finally:
        campaign.close()


def test_a_condition_that_no_stock_makes_has_one_value_on_the_plate_and_the_plate_can_be_made(tmp_path):
    path = written(tmp_path, shared=SHARED)
    assert check_campaign(path) == []
    loaded = load_campaign(path)
    assert [str(entry) for entry in batch_on_plate(loaded.doc.batch, loaded.space, loaded.lab).shared] == ["one value of temperature in each plate"]
    campaign, experiments = proposed(path, tmp_path)
    values = Counter(one.settings["temperature"] for one in experiments if one.settings)
    assert len(values) == 1 and sum(values.values()) == 5 + 3
    draft_plate(plate="p", experiments=experiments, space=campaign.space, lab=loaded.lab, seed=0)


def test_the_labs_zones_are_blocks_of_their_usable_wells_and_the_plate_can_be_made(tmp_path):
    """Six inner rows and five inner columns on each side: 30 wells a zone. The control's 37 °C takes one of the two."""
    path = written(tmp_path, zones=ZONES, slips=[(", iptg = 0.1", ", iptg = 0.1, temperature = 37")])
    assert check_campaign(path) == []
    loaded = load_campaign(path)
    assert zone_sizes(loaded.lab) == (30, 30)
    campaign, experiments = proposed(path, tmp_path)
    values = {one.settings["temperature"] for one in experiments if one.settings}
    assert 37.0 in values and len(values) <= 2
    draft_plate(plate="p", experiments=experiments, space=campaign.space, lab=loaded.lab, seed=0)


def test_without_zones_a_factor_that_every_control_sets_can_not_vary(tmp_path):
    [mistake] = check_campaign(written(tmp_path, slips=[(", iptg = 0.1", ", iptg = 0.1, temperature = 37")]))
    assert mistake.where == "factors[3].name" and "every plate would be" in mistake.found and "[[batch.shared]]" in mistake.mend


@pytest.mark.parametrize(
    ("shared", "slips", "zones", "where", "found"),
    [
        (SHARED.replace('"temperature"', '"temprature"'), (), "", "batch.shared[0].factors[0]", "'temprature'"),
        (SHARED, [(", iptg = 0.1", ", iptg = 0.1, temperature = 37")], "", "batch.shared[0]", "controls at temperature 37"),
        (SHARED + 'values = 9\n', (), "", "batch.shared[0].values", "9"),
        (SHARED + 'per = "block"\nblocks = [30, 30]\n', (), "", "batch.shared[0].per", "'block'"),
        (SHARED + "values = 2\n", (), ZONES, "batch.shared[0].values", "2"),
        (SHARED + 'per = "block"\n', (), "", "batch.shared[0]", ""),
        ("", [("replicates = 1 ", 'replicates = "auto" '), ('direction = "max"', 'direction = "information"')], ZONES, "batch.replicates", "'auto'"),
        ("", [("replicates = 1 ", "replicates = 0 ")], ZONES, "batch.replicates", "0"),
        ("", [("replicates = 1 ", 'replicates = "some" ')], ZONES, "batch.replicates", "'some'"),
    ],
)  # fmt: skip
def test_a_slip_in_what_is_shared_is_told_at_its_place(tmp_path, shared, slips, zones, where, found):
    if zones:
        slips = [*slips, (", iptg = 0.1", ", iptg = 0.1, temperature = 37")]
    mistakes = check_campaign(written(tmp_path, shared=shared, slips=slips, zones=zones))
    assert [mistake.where for mistake in mistakes if mistake.where.startswith("batch")][:1] == [where], "\n".join(map(str, mistakes))
    assert found in next(mistake for mistake in mistakes if mistake.where == where).found


def test_a_batch_without_new_keys_is_written_as_before():
    """The journal of a campaign without them keeps its bytes."""
    from world_model.terms.campaign_doc import Batch

    assert Batch(candidates=24, replicates=2, blanks=6).model_dump(mode="json") == {"candidates": 24, "replicates": 2, "blanks": 6}


def test_repeats_left_to_the_planner_take_a_well_each(tmp_path):
    path = written(tmp_path, zones=ZONES, slips=[("replicates = 1 ", 'replicates = "auto" '), (", iptg = 0.1", ", iptg = 0.1, temperature = 37")])
    assert check_campaign(path) == [] and load_campaign(path).doc.wells_per_round == 5 + 3 + 3
