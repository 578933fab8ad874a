"""A dose that nobody reads is refused, at its line; where readings end is known only when every measurement says so."""

from importlib import resources

import pytest

from runs.documents.campaign_file import check_campaign
from world_model.terms.campaign_doc import CampaignDoc

TEMPLATE = resources.files("runs.documents").joinpath("templates", "campaign.toml").read_text()
INDUCTION = '[[factors]]\nname = "induction"\nunit = "h"\nacts = "time"\n'


def campaign(folder, **changes):
    """The template without a lab file, changed, and with a time of induction where one is given."""
    text = TEMPLATE.replace('lab = "lab.toml"', "").replace('answers = "microplate"', "")
    if induction := changes.pop("induction", ""):
        text = text.replace("at = 2\n", 'at = "induction"\n' + INDUCTION + induction + "\n", 1).replace(", iptg = 0.1", ", iptg = 0.1, induction = 2")
    for old, new in changes.pop("slips", ()):
        assert old in text
        text = text.replace(old, new)
    (folder / "campaign.toml").write_text(text)
    return folder / "campaign.toml"


@pytest.mark.parametrize(
    ("induction", "where", "found"),
    [
        ('kind = "discrete"\nvalues = [1, 2, 12]', "factors[3].values", "12 h"),
        ('kind = "discrete"\nvalues = [1, 2, 8]', "factors[3].values", "8 h"),
        ('kind = "discrete"\nlow = 2\nhigh = 10\nstep = 2', "factors[3].high", "10 h"),
        ('kind = "continuous"\nlow = 1\nhigh = 8.5', "factors[3].high", "8.5 h"),
        ('kind = "integer"\nlow = 1\nhigh = 9', "factors[3].high", "9 h"),
    ],
)
def test_an_induction_after_the_last_reading_is_one_mistake(tmp_path, induction, where, found):
    path = campaign(tmp_path, induction=induction)
    [mistake] = check_campaign(path)
    assert (mistake.where, mistake.found) == (where, found)
    assert "last reading at 8 h" in mistake.expected
    assert where.rpartition(".")[2] in path.read_text().split("\n")[mistake.line - 1]


@pytest.mark.parametrize(
    ("induction", "where"),
    [
        ('kind = "discrete"\nvalues = [-1, 2, 4]', "factors[3].values"),
        ('kind = "discrete"\nlow = -2\nhigh = 2\nstep = 2', "factors[3]"),
        ('kind = "continuous"\nlow = -0.5\nhigh = 4', "factors[3].low"),
        ('kind = "integer"\nlow = -1\nhigh = 4', "factors[3].low"),
    ],
)
def test_an_induction_before_zero_is_one_mistake(tmp_path, induction, where):
    [mistake] = check_campaign(campaign(tmp_path, induction=induction))
    assert mistake.where.startswith(where)
    assert "at least 0 h" in mistake.expected
    assert mistake.found.startswith("-")


def test_an_hour_before_the_last_reading_is_taken(tmp_path):
    assert check_campaign(campaign(tmp_path, induction='kind = "discrete"\nvalues = [0, 2, 7.9]')) == []


def test_of_end_points_nobody_knows_when_they_are_read(tmp_path):
    timed = 'at_h = [0, 1, 2, 3, 4, 5, 6, 7, 8]'
    assert check_campaign(campaign(tmp_path, slips=[("at = 2\n", "at = 9\n"), (timed, "")])) == []


def test_a_document_built_in_python_is_refused_too():
    given = {
        "name": "late", "factors": [{"kind": "continuous", "name": "iptg", "unit": "mM", "low": 0, "high": 1, "acts": "dose", "at": 4}],
        "measurements": [{"name": "GFP", "at_h": [0, 4]}], "goals": [{"readout": "GFP"}],
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"factors\[0\]\.at: expected an hour before the last reading at 4 h, found 4 h"):
        CampaignDoc.model_validate(given)
    given["measurements"].append({"name": "mass"})  # an end point: read who knows when
    assert CampaignDoc.model_validate(given).factors[0].at == 4


def test_a_concentration_below_zero_is_a_mistake_where_a_stock_makes_it(tmp_path):
    lab = resources.files("runs.documents").joinpath("templates", "lab.toml").read_text()
    (tmp_path / "lab.toml").write_text(lab)
    path = campaign(tmp_path, slips=[("low = 2\n", "low = -2\n"), ('seed = 1 ', 'lab = "lab.toml"\nseed = 1 ')])
    [mistake] = check_campaign(path)
    assert (mistake.where, mistake.found) == ("factors[0].low", "-2 mM")
