"""The `[mechanism]` table: what it means, and mistakes with their line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runs.documents.campaign_file import check_campaign, load_campaign

MODEL = """<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="decay">
<listOfCompartments><compartment id="c" size="1" constant="true" spatialDimensions="3"/></listOfCompartments>
<listOfSpecies><species id="S" compartment="c" initialConcentration="1" boundaryCondition="false" hasOnlySubstanceUnits="false" constant="false"/></listOfSpecies>
<listOfParameters><parameter id="k" value="0.1" constant="true"/><parameter id="gain" value="1" constant="true"/></listOfParameters>
<listOfReactions><reaction id="loss" reversible="false" fast="false">
<listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>c</ci><ci>k</ci><ci>S</ci></apply></math></kineticLaw>
</reaction></listOfReactions></model></sbml>"""
CAMPAIGN = """name = "c"
[[factors]]
kind = "continuous"
name = "feed"
unit = "mM"
low = 0.0
high = 2.0
[[factors]]
kind = "categorical"
name = "strain"
levels = ["wild", "slow"]
[[measurements]]
name = "signal"
unit = "RFU"
at_h = [0, 1, 2]
[[goals]]
readout = "signal"
[mechanism]
file = "decay.xml"
time_unit = "min"
{more}
"""
WHOLE = """
[mechanism.factors]
feed = "S"
strain = { kind = "parameter", target = "k", levels = { wild = 0.02, slow = 0.01 } }
[mechanism.observables]
signal = { of = "gain * S", scale = 100.0, offset = 5.0 }
"""


def written(folder: Path, more: str = WHOLE, *, text: str = CAMPAIGN, model: str = MODEL) -> Path:
    (folder / "decay.xml").write_text(model)
    (folder / "campaign.toml").write_text(text.replace("{more}", more))
    return folder / "campaign.toml"


def test_the_table_makes_the_mechanism_that_it_says(tmp_path):
    pytest.importorskip("roadrunner")
    from world_model.mechanisms.open import open_mechanism

    file = written(tmp_path)
    assert check_campaign(file) == []
    loaded = load_campaign(file)
    mechanism = open_mechanism(loaded.doc.mechanism, base=loaded.base, factors=loaded.space.factors, measurements=loaded.doc.measurements)
    told = mechanism.simulate([{"feed": 2.0, "strain": "slow"}], np.array([0.0, 1.0, 2.0]), ["signal"])[0, :, 0]
    np.testing.assert_allclose(told, 5 + 200 * np.exp(-0.01 * 60 * np.array([0, 1, 2])), rtol=1e-4)
    assert [p.name for p in mechanism.parameters] == ["gain"]
    assert open_mechanism(None, base=tmp_path, factors=(), measurements=()) is None


def test_names_that_are_left_out_are_the_models_own_and_estimation_can_be_switched_off(tmp_path):
    pytest.importorskip("roadrunner")
    from world_model.mechanisms.open import open_mechanism

    text = CAMPAIGN.replace('"feed"', '"S"').replace('"signal"', '"gain"').replace("{more}", "estimate = false\n[mechanism.factors]\nstrain = { kind = \"parameter\", target = \"k\", levels = { wild = 1.0, slow = 0.5 } }")
    loaded = load_campaign(written(tmp_path, text=text))
    mechanism = open_mechanism(loaded.doc.mechanism, base=loaded.base, factors=loaded.space.factors, measurements=loaded.doc.measurements)
    assert mechanism.parameters == ()
    assert mechanism.simulate([{"S": 2.0, "strain": "wild"}], np.array([1.0]), ["gain"])[0, 0, 0] == 1.0


@pytest.mark.parametrize(
    ("more", "where", "said"),
    [
        ('[mechanism.factors]\nfeeed = "S"', "mechanism.factors.feeed", "Did you mean 'feed'?"),
        ('[mechanism.observables]\nsignl = "S"', "mechanism.observables.signl", "Did you mean 'signal'?"),
        ('log_sd = -1.0', "mechanism.log_sd", "more than 0"),
        ('colour = "red"', "mechanism.colour", "Known"),
        ('[mechanism.factors]\nfeed = { target = "S" }', "mechanism.factors.feed", "Add kind"),
        ('[mechanism.factors]\nfeed = { target = "S", kind = "dose" }', "mechanism.factors.feed", "at_h"),
        ('[mechanism.factors]\nfeed = { target = "S", kind = "hold", from_h = 2.0, to_h = 1.0 }', "mechanism.factors.feed", "to_h after from_h"),
    ],
)
def test_mistakes_of_the_table_have_a_line(tmp_path, more, where, said):
    mistakes = check_campaign(written(tmp_path, more))
    told = "\n".join(map(str, mistakes))
    assert any(mistake.where.startswith(where) and mistake.line for mistake in mistakes), told
    assert said in told


def test_a_file_that_is_not_there_and_an_unknown_unit_are_told_together(tmp_path):
    text = CAMPAIGN.replace('"decay.xml"', '"decy.xml"').replace('"min"', '"minute"')
    told = check_campaign(written(tmp_path, text=text))
    assert {mistake.where for mistake in told} == {"mechanism.file", "mechanism.time_unit"}
    assert "Did you mean 'decay.xml'?" in str(told[0])


@pytest.mark.parametrize(
    ("more", "model", "said"),
    [
        (WHOLE.replace('"S"', '"T"'), MODEL, "'T'"),
        (WHOLE.replace("gain * S", "gain * T"), MODEL, "'T'"),
        (WHOLE.replace('target = "k"', 'target = "kk"'), MODEL, "Did you mean 'k'?"),
        (WHOLE, "hello", "SBML"),
        ('[mechanism.factors]\nfeed = "S"\nstrain = "k"\n[mechanism.observables]\nsignal = "S"', MODEL, "levels"),
        ('parameters = ["gian"]\n' + WHOLE, MODEL, "Did you mean 'gain'?"),
    ],
)
def test_what_the_model_does_not_know_is_told_by_check(tmp_path, more, model, said):
    pytest.importorskip("roadrunner")
    told = check_campaign(written(tmp_path, more, model=model))
    assert len(told) == 1
    assert told[0].where.startswith("mechanism")
    assert told[0].line is not None
    assert said in str(told[0])
