"""Campaign files with constraints of every kind, conditional, derived and ordinal factors: read whole, or refused at the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.documents.campaign_file import check_campaign, load_campaign

CAMPAIGN = """name = "blend"
[[factors]]
kind = "continuous"
name = "water"
low = 0
high = 1
[[factors]]
kind = "continuous"
name = "ethanol"
low = 0
high = 1
[[factors]]
kind = "categorical"
name = "base"
levels = ["none", "K2CO3"]
[[factors]]
kind = "continuous"
name = "equivalents"
low = 1
high = 3
only_if = { base = "K2CO3" }
[[factors]]
kind = "ordinal"
name = "stirring"
levels = ["slow", "fast"]
[[derived]]
name = "polarity"
formula = "weighted_mean"
of = ["water", "ethanol"]
weights = [10.2, 5.2]
[[constraints]]
kind = "mixture"
of = ["water", "ethanol"]
minimum = 0.1
[[constraints]]
kind = "exclude"
when = { base = "K2CO3", equivalents = { above = 2 } }
[[constraints]]
terms = { polarity = 1 }
at_least = 6
[[measurements]]
name = "yield"
[[goals]]
readout = "yield"
[[controls]]
name = "plain"
wells = 1
settings = { water = 0.5, ethanol = 0.5, base = "none", stirring = "fast" }
"""


def written(folder: Path, *swaps: tuple[str, str]) -> Path:
    text = CAMPAIGN
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "campaign.toml"
    path.write_text(text)
    return path


def test_every_word_is_read(tmp_path):
    loaded = load_campaign(written(tmp_path))
    assert [constraint.kind for constraint in loaded.space.constraints] == ["mixture", "exclude", "linear"]
    assert str(loaded.space.derived[0]) == "polarity = (10.2·water + 5.2·ethanol) / (water + ethanol)"
    assert loaded.space["equivalents"].only_if is not None and loaded.space["stirring"].kind == "ordinal"


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ('kind = "mixture"', 'kind = "mixtur"', "constraints[0].kind", "mixture"),
        ('kind = "mixture"', 'kind = "custom"', "constraints[0].kind", "nw.Custom"),
        ('of = ["water", "ethanol"]\nminimum', 'of = ["watr", "ethanol"]\nminimum', "constraints[0].of[0]", "'water'"),
        ("minimum = 0.1", "minimum = 0.1\nat_most = 0", "constraints[0].at_most", "at least 1"),
        ('when = { base = "K2CO3"', 'when = { base = "K2C03"', "constraints[1].when.base", "K2CO3"),
        ("equivalents = { above = 2 }", "equivalents = { abov = 2 }", "constraints[1].when.equivalents.abov", "above"),
        ('only_if = { base = "K2CO3" }', 'only_if = { base = "KCO3" }', "factors[3].only_if.base", "levels of 'base'"),
        ('only_if = { base = "K2CO3" }', 'only_if = { bse = "K2CO3" }', "factors[3].only_if.bse", "'base'"),
        ("weights = [10.2, 5.2]", "weights = [10.2]", "derived[0].weights", "2 factors"),
        ('of = ["water", "ethanol"]\nweights', 'of = ["water", "base"]\nweights', "derived[0].of", "'base'"),
        ("terms = { polarity = 1 }", "terms = { polarty = 1 }", "constraints[2].terms.polarty", "numeric factor"),
        ("at_least = 6", "at_least = 11", "constraints", "polarity ≥ 11"),
        ('base = "none", stirring', 'base = "K2CO3", equivalents = 2.5, stirring', "controls[0].settings", "never base is K2CO3"),
    ],
)  # fmt: skip
def test_a_slip_is_one_mistake_at_its_place(tmp_path, old, new, where, said):
    mistakes = check_campaign(written(tmp_path, (old, new)))
    assert [mistake.where for mistake in mistakes] == [where], "\n".join(map(str, mistakes))
    assert said in str(mistakes[0])


def test_check_shows_the_words(tmp_path):
    from typer.testing import CliRunner

    from runs.cli.main import app

    told = CliRunner().invoke(app, ["check", str(written(tmp_path))]).output
    for sentence in ("equivalents: 1 to 3, only if base is K2CO3", "stirring: 2 levels in order", "sum to 1", "never base is K2CO3 and equivalents > 2", "polarity ≥ 6"):
        assert sentence in told
