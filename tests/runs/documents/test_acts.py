"""Holds, ramps and edits in a campaign file: what is told of a slip, and that no bench is asked for them."""

from importlib import resources

import pytest

from runs.documents.campaign_file import check_campaign, load_campaign
from world_model.terms.interventions import Hold

TEMPLATE = resources.files("runs.documents").joinpath("templates", "campaign.toml").read_text()
LAB = resources.files("runs.documents").joinpath("templates", "lab.toml").read_text()
HOLD = 'acts = "hold"\nfrom_h = 2\nto_h = 4\n'


def campaign(folder, act, *, lab=False, more=""):
    """The template, whose iptg acts as told; with a lab file where asked for."""
    text = TEMPLATE.replace('acts = "dose"\nat = 2\n', act + more).replace('answers = "microplate"', "")
    (folder / "lab.toml").write_text(LAB)
    (folder / "campaign.toml").write_text(text if lab else text.replace('lab = "lab.toml"', ""))
    return folder / "campaign.toml"


def test_a_hold_is_read_with_its_hours(tmp_path):
    space = load_campaign(campaign(tmp_path, HOLD)).space
    forced = space.interventions({"glucose": 20.0, "magnesium": 2.0, "iptg": 0.1})
    assert forced[-1] == Hold(variable="iptg", from_h=2.0, to_h=4.0, value=0.1)


def test_a_hold_may_end_when_reading_ends_but_not_begin_then(tmp_path):
    assert check_campaign(campaign(tmp_path, HOLD.replace("to_h = 4", "to_h = 20"))) == []
    [mistake] = check_campaign(campaign(tmp_path, HOLD.replace("from_h = 2", "from_h = 8").replace("to_h = 4", "to_h = 20")))
    assert (mistake.where, mistake.found) == ("factors[2].from_h", "8 h")


@pytest.mark.parametrize(
    ("act", "where", "expected", "found"),
    [
        ('acts = "hold"\nfrom_h = 2\n', "factors[2]", "to_h (hours, or a factor's name) with acts = 'hold'", "none"),
        ('acts = "hold"\nfrom_h = 4\nto_h = 2\n', "factors[2].to_h", "to_h after from_h = 4", "2"),
        ('acts = "hold"\nfrom_h = "begin"\nto_h = 4\n', "factors[2].from_h", "hours, or a factor with acts = 'time'", "'begin'"),
        ('acts = "hold"\nfrom_h = -1\nto_h = 4\n', "factors[2].from_h", "at least 0", "-1"),
        ('acts = "set"\nto_h = 4\n', "factors[2].to_h", "to_h only with acts = 'hold' or 'ramp'", "acts = 'set'"),
        ('acts = "ramp"\nfrom_h = 2\nto_h = 4\n', "factors[2]", "from_value (a number", "none"),
        ('acts = "edit"\n', "factors[2]", "mode (knock_out", "none"),
        ('acts = "edit"\nmode = "knockout"\n', "factors[2].mode", "'knock_out'", "'knockout'"),
        ('acts = "hould"\n', "factors[2].acts", "'hold'", "'hould'"),
    ],
)
def test_a_slip_in_an_act_is_one_mistake_at_its_line(tmp_path, act, where, expected, found):
    path = campaign(tmp_path, act)
    mistakes = check_campaign(path)
    assert len(mistakes) == 1, "\n".join(map(str, mistakes))
    assert mistakes[0].where == where
    assert expected in mistakes[0].expected
    assert found in mistakes[0].found
    assert path.read_text().split("\n")[mistakes[0].line - 1].strip()


def test_hours_of_a_hold_that_may_cross_are_told(tmp_path):
    time = '[[factors]]\nname = "begin"\nkind = "continuous"\nunit = "h"\nacts = "time"\nlow = 1\nhigh = 6\n'
    text = campaign(tmp_path, HOLD.replace("from_h = 2", 'from_h = "begin"'), more="").read_text()
    text = text.replace("\n[[measurements]]\n", "\n" + time + "\n[[measurements]]\n", 1).replace("iptg = 0.1 ", "iptg = 0.1, begin = 2 ")
    (tmp_path / "campaign.toml").write_text(text)
    mistakes = check_campaign(tmp_path / "campaign.toml")
    assert any("from_h before to_h of 'iptg'" in mistake.expected for mistake in mistakes), mistakes


@pytest.mark.parametrize("act", [HOLD, HOLD.replace("hold", "ramp") + "from_value = 0\n"])
def test_a_lab_file_refuses_what_no_step_can_do(tmp_path, act):
    [mistake] = check_campaign(campaign(tmp_path, act, lab=True))
    assert mistake.where == "factors[2]"
    assert "what pipetting can do: acts = 'start', 'dose' or 'set'" in mistake.expected
    assert "Nothing is taken out of a closed well" in mistake.mend
