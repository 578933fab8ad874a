"""[[contexts]] in a campaign file: read, and slips told at their line."""

from importlib import resources

import pytest

from runs.documents.campaign_file import check_campaign, load_campaign

TEMPLATE = resources.files("runs.documents").joinpath("templates", "campaign.toml").read_text().replace('lab = "lab.toml"', "")
DONOR = '\n[[contexts]]\nname = "donor"\nkind = "donor"\nlevels = ["D1", "D2"]\n'


def campaign(folder, contexts):
    (folder / "campaign.toml").write_text(TEMPLATE + contexts)
    return folder / "campaign.toml"


def test_contexts_are_read(tmp_path):
    [donor] = load_campaign(campaign(tmp_path, DONOR)).doc.contexts
    assert (donor.name, donor.kind, donor.levels) == ("donor", "donor", ("D1", "D2"))


@pytest.mark.parametrize(
    ("old", "new", "where", "expected", "found"),
    [
        ('kind = "donor"', 'kind = "doner"', "contexts[0].kind", "'donor'", "'doner'"),
        ('name = "donor"', 'name = "glucose"', "contexts[0].name", "a name that no factor has", "'glucose'"),
        ('name = "donor"', 'name = "OD600"', "contexts[0].name", "a name that no measurement has", "'OD600'"),
        ('"D1", "D2"', '"D1", "D1"', "contexts[0].levels", "distinct levels", "D1"),
        ("levels =", "level =", "contexts[0].level", "a key of contexts[0]", "'level'"),
    ],
)
def test_a_slip_is_one_mistake_at_its_line(tmp_path, old, new, where, expected, found):
    path = campaign(tmp_path, DONOR.replace(old, new))
    [mistake] = check_campaign(path)
    assert mistake.where == where
    assert expected in mistake.expected
    assert found in mistake.found
    assert path.read_text().split("\n")[mistake.line - 1].strip()


def test_a_context_named_twice_is_told(tmp_path):
    [mistake] = check_campaign(campaign(tmp_path, DONOR + DONOR))
    assert (mistake.where, mistake.expected) == ("contexts[1].name", "each name once")
