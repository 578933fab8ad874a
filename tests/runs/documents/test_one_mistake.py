"""One slip in a good file gives one mistake, on the line where the slip stands, with what was expected and what was found."""

from importlib import resources

import pytest

from runs.documents.campaign_file import check_campaign, load_campaign
from world_model.terms.errors import DocumentError

TEMPLATES = {name: resources.files("runs.documents").joinpath("templates", name).read_text() for name in ("campaign.toml", "lab.toml")}


def written(folder, **changes):
    """Both templates in a folder, each changed at one place."""
    for name, text in TEMPLATES.items():
        for old, new in changes.get(name.partition(".")[0], ()):
            assert text.count(old) >= 1, old
            text = text.replace(old, new, 1)
        (folder / name).write_text(text)
    return folder / "campaign.toml"


def test_the_templates_have_no_mistake(tmp_path):
    assert check_campaign(written(tmp_path)) == []


# file, text in the template, what it becomes, the line (by its text), key path, expected, found, mend
CAMPAIGN = [
    ('seed = 1 ', 'sede = 1 ', "sede", "sede", "a key of campaign.toml", "'sede'", "'seed'"),
    ('low = 2\n', 'low = 200\n', "low = 200", "factors[0].low", "low < high", "low = 200, high = 60", ""),
    ('low = 2\n', 'lwo = 2\n', "lwo", "factors[0].lwo", "a key of factors[0]", "'lwo'", "'low'"),
    ('low = 2\n', 'low = "2"\n', 'low = "2"', "factors[0].low", "a number", "'2'", ""),
    ('low = 2\n', 'low = true\n', "low = true", "factors[0].low", "a number", "true", ""),
    ('low = 2\n', 'low = nan\n', "low = nan", "factors[0].low", "a finite number", "nan", ""),
    ('low = 2\n', '', "name = \"glucose\"", "factors[0].low", "the key 'low'", "none", ""),
    ('e"\nkind = "continuous"', 'e"\nkind = "continous"', "continous", "factors[0].kind", "one of 'continuous'", "'continous'", "'continuous'"),
    ('e"\nkind = "continuous"', 'e"\nkind = "xyz"', "xyz", "factors[0].kind", "one of 'continuous'", "'xyz'", "'categorical'"),
    ('e"\nkind = "continuous"\n', 'e"\n', "[[factors]]\nname", "factors[0]", "kind = one of", "no kind", ""),
    ('unit = "mM"', 'unit = "mMM"', "mMM", "factors[0].unit", "a unit", "'mMM'", "'mM'"),
    ('name = "glucose"', 'name = "glu;cose"', "glu;cose", "factors[0].name", "a name", "'glu;cose'", ""),
    ('name = "magnesium"', 'name = "glucose"', None, "factors[1].name", "each name once", "'glucose' again", ""),
    ('scale = "log"\n', 'scale = "lg"\n', 'scale = "lg"', "factors[2].scale", "'linear' or 'log'", "'lg'", "'log'"),
    ('low = 0.005', 'low = 0', "low = 0", "factors[2].low", "low > 0 on a log scale", "0", ""),
    ('at = 2\n', 'at = "inducton"\n', "inducton", "factors[2].at", "hours, or a factor with acts = 'time'", "'inducton'", "acts = 'time'"),
    ('at = 2\n', 'at = 9\n', "at = 9", "factors[2].at", "before the last reading at 8 h", "9 h", "at_h"),
    ('at = 2\n', 'at = 8\n', "at = 8", "factors[2].at", "before the last reading at 8 h", "8 h", "at_h"),
    ('glucose = 1, magnesium', 'glucos = 1, magnesium', "terms", "constraints[0].terms.glucos", "a numeric factor's name", "'glucos'", "'glucose'"),
    ('at_most = 70', 'at_most = 1', "at_most = 1", "constraints[0].at_most", "2.5 to 80", "1", "Widen"),
    ('at_most = 70', 'at_most = 70\nat_least = 3', None, "constraints[0]", "exactly one of", "'at_least'", ""),
    ('unit = "OD600"', 'unit = "OD6000"', "OD6000", "measurements[0].unit", "a unit", "'OD6000'", "'OD600'"),
    ('at_h = [0, 1, 2, 3,', 'at_h = [0, 2, 1, 3,', "at_h", "measurements[0].at_h", "strictly increasing hours", "[0.0, 2.0, 1.0", ""),
    ('readout = "GFP"', 'readout = "GPF"', "GPF", "goals[0].readout", "a measurement's name", "'GPF'", "'GFP'"),
    ('direction = "max"', 'direction = "mx"', '"mx"', "goals[0].direction", "'max', 'min', 'match', 'range'", "'mx'", "'max'"),
    ('take = "end"', 'take = "end"\nat_h = 9', "at_h = 9", "goals[0].at_h", "a time from 0 to 8 h", "9 h", ""),
    ('blanks = 3 ', 'blanks = -1 ', "blanks = -1", "batch.blanks", "at least 0", "-1", ""),
    ('wells = 3', 'wells = 2.5', "wells = 2.5", "controls[0].wells", "a whole number", "2.5", ""),
    ('glucose = 20, magnesium = 2', 'glucos = 20, magnesium = 2', "settings", "controls[0].settings.glucos", "a factor's name", "'glucos'", "'glucose'"),
    ('glucose = 20, magnesium = 2', 'glucose = 200, magnesium = 2', "settings", "controls[0].settings.glucose", "2 to 60 mM", "200", ""),
    ('glucose = 20, magnesium = 2', 'glucose = 60, magnesium = 4', "settings", "controls[0].settings", "a point that meets", "one that breaks it", ""),
    ('glucose = 20, magnesium = 2, ', 'glucose = 20, ', "settings", "controls[0].settings", "a value for each factor", "none for magnesium", ""),
    ('experiments = 152', 'experiments = 30', "experiments = 30", "budget.experiments", "at least 38", "30", "Raise"),
    ('candidates = 16', 'candidates = 28', "[batch]", "batch", "the 60 inner wells", "62 wells", "smaller"),
    ('lab = "lab.toml"', 'lab = "labb.toml"', "labb.toml", "lab", "a lab file", "none at", ""),
    ('answers = "microplate"', 'answers = "micropalte"', "micropalte", "answers", "a lab (", "'micropalte'", "'microplate'"),
    ('temperature_c = 37.0', 'temperature_c = 37.0\niptg = 1', "iptg = 1", "context.iptg", "what is kept fixed", "a factor too", ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "shown", "where", "expected", "found", "mend"), CAMPAIGN)
def test_a_slip_in_the_campaign_gives_one_mistake(tmp_path, old, new, shown, where, expected, found, mend):
    path = written(tmp_path, campaign=[(old, new)])
    mistakes = check_campaign(path)
    assert len(mistakes) == 1, "\n".join(map(str, mistakes))
    [mistake] = mistakes
    assert (mistake.file, mistake.where) == ("campaign.toml", where)
    assert expected in mistake.expected
    assert found in mistake.found
    assert mend in mistake.mend
    if shown is not None:
        at = path.read_text().split("\n")
        assert shown.split("\n")[0] in at[mistake.line - 1] or shown in "\n".join(at[mistake.line - 3 : mistake.line + 1])


LAB = [
    ('model = "Flex"', 'model = "flex"', "robot.model", "'Flex'", "'flex'", "'Flex'"),
    ('volume_ul = 200', 'volume_ul = 400', "plate.volume_ul", "at most 360 µL", "400 µL", ""),
    ('volume_ul = 200', 'volume = 200', "plate.volume", "a key of plate", "'volume'", "'volume_ul'"),
    ('360ul_flat', '360ul_flt', "plate.labware", "a labware's load name", "'corning_96_wellplate_360ul_flt'", "'corning_96_wellplate_360ul_flat'"),
    ('"flex_1channel_50"', '"flex_1chanel_50"', "robot.pipettes[0].name", "a pipette's load name", "'flex_1chanel_50'", "'flex_1channel_50'"),
    ('"opentrons_flex_96_tiprack_200ul"', '"opentrons_96_tiprack_300ul"', "robot.pipettes[1].tip_racks[0]", "made for flex_1channel_1000", "300ul", "flex"),
    ('mount = "right"', 'mount = "left"', "robot.pipettes[1].mount", "one pipette a mount", "two on the left mount", ""),
    ('edge_fill = "edge water"', 'edge_fill = "edg water"', "plate.edge_fill", "a stock's name", "'edg water'", "'edge water'"),
    ('diluent = "water"', 'diluent = "wter"', "medium.diluent", "a stock's name", "'wter'", "'water'"),
    ('stock = "cells"', 'stock = "cels"', "cells.stock", "a stock's name", "'cels'", "'cells'"),
    ('final_od600 = 0.05', 'final_od600 = 5', "cells.final_od600", "below the inoculum's 2", "5", "diluted"),
    ('volume_ml = 14', 'volume_ml = 140', "stocks[0].volume_ml", "at most 15 mL", "140 mL", ""),
    ('volume_ml = 14', 'volume_ml = 0.5', "stocks[0].volume_ml", "dead volume of 1000 µL", "500 µL", ""),
    ('position = "A2"', 'position = "A1"', "stocks[1].position", "a place of its own", "'water' stands", ""),
    ('position = "A2"', 'position = "B2"', "stocks[1].position", "a well of nest_12_reservoir_15ml", "'B2'", "'A2'"),
    ('holder = "tubes"', 'holder = "tube"', "stocks[4].holder", "a holder's name", "'tube'", "'tubes'"),
    ('name = "edge water"', 'name = "water"', "stocks[1].name", "each name once", "'water' again", ""),
    ('concentration = 1, unit = "M" }', 'concentration = 1, unit = "°C" }', "stocks[4].components.glucose.unit", "converts to the factor's mM", "'°C'", "mM"),
    ('concentration = 1, unit = "M" }', 'concentration = 1, unit = "OD600" }', "stocks[4].components.glucose.unit", "converts to the factor's mM", "'OD600'", "mM"),
    ('concentration = 1, unit = "M" }', 'concentration = -1, unit = "M" }', "stocks[4].components.glucose.concentration", "more than 0", "-1", ""),
    ('base = { "M9 salts"', 'base = { "M8 salts"', 'medium.base."M8 salts"', "a component of some stock", "'M8 salts'", "'M9 salts'"),
    ('glucose = 180.156', 'glucse = 180.156', "molar_masses.glucse", "a component of some stock", "'glucse'", "'glucose'"),
    ('[molar_masses]', '[components]\nglucos = "glucose"\n[molar_masses]', "components.glucos", "a factor of campaign.toml", "'glucos'", "'glucose'"),
    ('[molar_masses]', '[components]\niptg = "ipgt"\n[molar_masses]', "components.iptg", "a component of some stock", "'ipgt'", "'iptg'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "expected", "found", "mend"), LAB)
def test_a_slip_in_the_lab_file_gives_one_mistake(tmp_path, old, new, where, expected, found, mend):
    mistakes = check_campaign(written(tmp_path, lab=[(old, new)]))
    # two stocks of the template may share a unit's slip; none of these rows changes more than one place
    assert len(mistakes) == 1, "\n".join(map(str, mistakes))
    [mistake] = mistakes
    assert (mistake.file, mistake.where) == ("lab.toml", where)
    assert expected in mistake.expected
    assert found in mistake.found
    assert mend in mistake.mend
    changed = TEMPLATES["lab.toml"].replace(old, new, 1)
    assert changed.split("\n")[mistake.line - 1].strip()


def test_a_factor_without_a_stock_is_named_with_the_nearest_component(tmp_path):
    both = [('name = "iptg"', 'name = "iptgg"'), (", iptg = 0.1", ", iptgg = 0.1"), ('answers = "microplate"', "")]
    [mistake] = check_campaign(written(tmp_path, campaign=both))
    assert (mistake.file, mistake.where) == ("campaign.toml", "factors[2].name")
    assert "a component of some stock in lab.toml" in mistake.expected
    assert "Did you mean 'iptg'?" in mistake.mend
    assert "[components] iptgg" in mistake.mend


def test_a_stock_in_micromolar_serves_a_factor_in_millimolar(tmp_path):
    assert check_campaign(written(tmp_path, lab=[('concentration = 20, unit = "mM"', 'concentration = 20000, unit = "µM"')])) == []


def test_mass_converts_to_molar_only_through_the_molar_mass(tmp_path):
    mass = ('concentration = 1, unit = "M" }', 'concentration = 180.156, unit = "g/L" }')
    assert check_campaign(written(tmp_path, lab=[mass])) == []
    [mistake] = check_campaign(written(tmp_path, lab=[mass, ("glucose = 180.156\n", "")]))
    assert mistake.where == "stocks[4].components.glucose.unit"
    assert "molar mass" in mistake.mend


def test_a_stock_too_weak_for_its_factor_is_named_at_the_factor(tmp_path):
    weak = [('concentration = 1, unit = "M" }', 'concentration = 1, unit = "mM" }'), ('concentration = 100, unit = "mM" }', 'concentration = 0.5, unit = "mM" }')]
    [mistake] = check_campaign(written(tmp_path, lab=weak))
    assert (mistake.file, mistake.where) == ("campaign.toml", "factors[0]")
    # 1 mM in at most 200 µL, less base medium (40), cells (5) and the least diluent: below 1 mM in any case
    assert mistake.found == "2 to 60 mM"
    assert "something from" in mistake.expected
    assert "stronger stock" in mistake.mend


def test_constraints_that_hold_one_by_one_and_not_together_are_one_mistake(tmp_path):
    more = ('why = "osmolarity"', '[[constraints]]\nterms = { glucose = 1 }\nat_least = 59\n[[constraints]]\nterms = { magnesium = 1 }\nat_least = 3.9')
    [mistake] = check_campaign(written(tmp_path, campaign=[more, ("glucose = 20, magnesium = 2", "glucose = 59, magnesium = 3.9")]))[:1]
    assert mistake.where == "constraints"
    assert "that some point meets" in mistake.expected


def test_every_slip_of_both_files_is_reported_in_one_pass(tmp_path):
    """All the single slips that touch different keys, together: each is still there, and nothing else."""
    campaign = [
        ('seed = 1 ', 'sede = 1 '), ('low = 2\n', 'low = 200\n'), ('readout = "GFP"', 'readout = "GPF"'), ('blanks = 3 ', 'blanks = -1 '),
        ('glucose = 1, magnesium', 'glucos = 1, magnesium'), ('unit = "OD600"', 'unit = "OD6000"'), ('scale = "log"\n', 'scal = "log"\n'),
    ]  # fmt: skip
    lab = [('model = "Flex"', 'model = "flex"'), ('diluent = "water"', 'diluent = "wter"'), ('holder = "tubes"', 'holder = "tube"')]
    found = [(mistake.file, mistake.where) for mistake in check_campaign(written(tmp_path, campaign=campaign, lab=lab))]
    assert found == [
        ("campaign.toml", "sede"), ("campaign.toml", "factors[0].low"), ("campaign.toml", "factors[2].scal"),
        ("campaign.toml", "constraints[0].terms.glucos"), ("campaign.toml", "measurements[0].unit"), ("campaign.toml", "goals[0].readout"),
        ("campaign.toml", "batch.blanks"), ("lab.toml", "robot.model"), ("lab.toml", "stocks[4].holder"), ("lab.toml", "medium.diluent"),
    ]  # fmt: skip


def test_load_raises_what_check_lists(tmp_path):
    path = written(tmp_path, campaign=[('low = 2\n', 'low = 200\n')], lab=[('model = "Flex"', 'model = "flex"')])
    with pytest.raises(DocumentError) as caught:
        load_campaign(path)
    assert list(caught.value.mistakes) == check_campaign(path)
    assert "campaign.toml:" in str(caught.value)
    assert "lab.toml:" in str(caught.value)


def test_a_good_file_gives_document_space_and_lab(tmp_path):
    loaded = load_campaign(written(tmp_path))
    assert loaded.space.names == ("glucose", "magnesium", "iptg")
    assert loaded.doc.wells_per_round == 16 * 2 + 3 + 3
    assert loaded.lab is not None
    assert loaded.lab.stock("water").volume_ml == 14
    assert loaded.text == TEMPLATES["campaign.toml"]
    assert loaded.lab_text == TEMPLATES["lab.toml"]
    assert loaded.base == tmp_path
