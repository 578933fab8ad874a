"""What compile always refuses is told by `check`: controls, the order and the readings of steps, conditions, expired stocks."""

from datetime import date, timedelta
from importlib import resources

import pytest

from runs.documents.campaign_file import check_campaign, load_campaign

TEMPLATES = {name: resources.files("runs.documents").joinpath("templates", name).read_text() for name in ("campaign.toml", "lab.toml")}
SHAKE = '[[steps]]\nkind = "shake"\nduration = "30 s"\n'
READ = '[[steps]]\nkind = "read"\n'
SPIN = '[[steps]]\nkind = "spin"\nspeed = "300 g"\nduration = "1 min"\n'
PCR = '[[steps]]\nkind = "thermocycle"\nlid = "105 °C"\nstages = [{ cycles = 30, plateaus = [{ temperature = "95 °C", duration = "30 s" }] }]\n'
INCUBATE = '[[steps]]\nkind = "incubate"\ntemperature = "37 °C"\nduration = "1 h"\n'
OPTICS = 'mode = "absorbance"\nwavelengths = ["600 nm"]\n'


def written(folder, *, lab="", **changes):
    """Both templates, changed at one place each, with text at the end of the lab file."""
    for name, text in TEMPLATES.items():
        for old, new in changes.get(name.partition(".")[0] + "_slips", ()):
            assert old in text
            text = text.replace(old, new, 1)
        (folder / name).write_text(text + ("\n" + lab if name == "lab.toml" else ""))
    return folder / "campaign.toml"


@pytest.mark.parametrize(
    ("steps", "position", "found"),
    [
        (SHAKE + SPIN + READ, 1, "an open plate"),
        (SHAKE + '[[steps]]\nkind = "seal"\ncover = "foil"\n' + READ, 2, "a plate under foil"),
        (PCR + READ, 0, "no cover"),
        ('[[steps]]\nkind = "unseal"\n' + READ, 0, "an open plate"),
    ],
)
def test_an_order_of_steps_that_compile_refuses_is_one_mistake_at_the_step(tmp_path, steps, position, found):
    [mistake] = check_campaign(written(tmp_path, lab=steps))
    assert (mistake.file, mistake.where) == ("lab.toml", f"steps[{position}]")
    assert found in mistake.found
    lines = (tmp_path / "lab.toml").read_text().split("\n")
    assert [i + 1 for i, line in enumerate(lines) if line == "[[steps]]"][position] == mistake.line


def test_steps_that_read_nothing_are_a_mistake_of_a_campaign_with_hours(tmp_path):
    [mistake] = check_campaign(written(tmp_path, lab=INCUBATE))
    assert (mistake.file, mistake.where, mistake.found) == ("lab.toml", "steps", "none")
    assert "until 8 h" in mistake.expected


def test_hours_that_no_step_reads_are_named(tmp_path):
    """A single reading at 0 h leaves the hours 1 to 8; one of 6 h leaves 7 and 8."""
    [mistake] = check_campaign(written(tmp_path, lab=SHAKE + READ + OPTICS))
    assert mistake.found == "none at 1, 2, 3, 4, 5, 6 … h"
    kinetic = READ + OPTICS + 'every = "10 min"\nduration = "6 h"\n'
    [mistake] = check_campaign(written(tmp_path, lab=SHAKE + kinetic))
    assert mistake.found == "none at 7, 8 h"


@pytest.mark.parametrize("last", ["", OPTICS + 'every = "10 min"\nduration = "8 h"\n'])
def test_steps_that_read_every_hour_are_no_mistake(tmp_path, last):
    assert check_campaign(written(tmp_path, lab=SHAKE + READ + last)) == []


def test_samples_are_readings_elsewhere(tmp_path):
    sampled = "".join(f'[[steps]]\nkind = "sample"\nat = "{hour} h"\nvolume = "5 µL"\n' for hour in range(9))
    assert check_campaign(written(tmp_path, lab=SHAKE + sampled)) == []


def test_a_control_that_the_stocks_can_not_make_is_told_with_the_solvers_numbers(tmp_path):
    """0.1 mM IPTG in 200 µL needs 1 mL of a stock of 0.02 mM."""
    path = written(tmp_path, lab_slips=[(f'iptg = {{ concentration = {strength}, unit = "mM"', f'iptg = {{ concentration = {strength}, unit = "µM"') for strength in (20, 1)])
    [mistake] = check_campaign(path)
    assert mistake.where == "controls[0].settings"
    assert "iptg 0.1 mM, which needs 1 mL" in mistake.found


def test_several_temperatures_on_a_plate_without_zones_are_told(tmp_path):
    warm = '[[factors]]\nname = "temperature"\nkind = "discrete"\nunit = "°C"\nvalues = [30, 37]\n\n# What must hold'
    slips = [("# What must hold", warm), (", iptg = 0.1", ", iptg = 0.1, temperature = 37"), ('answers = "microplate"', "")]
    [mistake] = check_campaign(written(tmp_path, campaign_slips=slips))
    assert (mistake.file, mistake.where) == ("campaign.toml", "factors[3].name")
    assert "zone_factors" in mistake.mend
    one = [*slips, ("values = [30, 37]", "values = [37]")]
    assert check_campaign(written(tmp_path, campaign_slips=one)) == []


@pytest.mark.parametrize(("days", "mistakes"), [(-1, 1), (0, 0)])
def test_an_expired_stock_is_told_and_the_campaign_still_opens(tmp_path, days, mistakes):
    """Its last day is the last on which it may be used; results of earlier plates are recorded after it."""
    day = date.today() + timedelta(days=days)
    path = written(tmp_path, lab_slips=[("volume_ml = 14", f"volume_ml = 14\nexpires = {day:%Y-%m-%d}")])
    told = check_campaign(path)
    assert [mistake.where for mistake in told] == ["stocks[0].expires"] * mistakes
    assert load_campaign(path).lab is not None
