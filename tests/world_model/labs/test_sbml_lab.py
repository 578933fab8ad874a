"""The `sbml` lab: truth by closed forms, a sensor of stated noise, futures that branch from one state."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("roadrunner")
pytest.importorskip("libsbml")

from world_model.labs.registry import open_lab
from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import MechanismError, NextwellError, ResultsError, SpaceError
from world_model.terms.experiment import Experiment
from world_model.terms.lab import LabOrder
from world_model.terms.space import SearchSpace

MODEL = """<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="growth">
<listOfCompartments><compartment id="c" size="1" constant="true" spatialDimensions="3"/></listOfCompartments>
<listOfSpecies><species id="N" compartment="c" initialConcentration="0.1" boundaryCondition="false" hasOnlySubstanceUnits="false" constant="false"/></listOfSpecies>
<listOfParameters><parameter id="r" value="0.8" constant="true"/><parameter id="K" value="2" constant="true"/></listOfParameters>
<listOfReactions><reaction id="growth" reversible="false" fast="false">
<listOfProducts><speciesReference species="N" stoichiometry="1" constant="true"/></listOfProducts>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>c</ci><ci>r</ci><ci>N</ci>
<apply><minus/><cn>1</cn><apply><divide/><ci>N</ci><ci>K</ci></apply></apply></apply></math></kineticLaw></reaction></listOfReactions></model></sbml>"""
HOURS = np.array([0.0, 2.0, 4.0, 6.0, 8.0])


def curve(t, r, n0=0.1, K=3.0):
    return K / (1 + (K / n0 - 1) * np.exp(-r * np.asarray(t)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "growth.xml").write_text(MODEL)
    return tmp_path


def opened(folder: Path, *, context: dict | None = None, factors: list | None = None, measured: str = "N", at_h=HOURS.tolist()):
    doc = CampaignDoc(
        name="c", context={"K": 3.0, **(context or {})},
        factors=factors or [
            {"kind": "continuous", "name": "r", "low": 0.1, "high": 2}, {"kind": "continuous", "name": "boost", "low": 0, "high": 2, "acts": "dose", "at": 4.0, "variable": "N"},
        ],
        measurements=[{"name": measured, "unit": "g/L", "at_h": at_h}], goals=[{"readout": measured}],
    )  # fmt: skip
    return open_lab("sbml:growth.xml", doc=doc, space=SearchSpace(factors=doc.factors), base=folder), doc


def test_truth_is_the_closed_form_with_doses_and_what_the_context_fixes(folder):
    lab, doc = opened(folder)
    told = lab.truth([{"r": 0.5, "boost": 0.0}, {"r": 0.5, "boost": 1.0}], doc.measurements)[..., 0]
    np.testing.assert_allclose(told[0], curve(HOURS, 0.5), rtol=1e-4)
    np.testing.assert_allclose(told[1, 3:], curve([2.0, 4.0], 0.5, n0=curve(4.0, 0.5) + 1), rtol=1e-4)


def test_futures_branch_from_one_state(folder):
    lab, doc = opened(folder)
    stay = {"r": 0.5, "boost": 0.0}
    told = lab.branch(stay, [stay, {"r": 1.0, "boost": 0.0}, {"r": 0.5, "boost": 1.0}], at_h=3.0, measurements=doc.measurements)[..., 0]
    np.testing.assert_allclose(told[0], curve(HOURS, 0.5), rtol=1e-4)
    np.testing.assert_array_equal(told[:, :2], np.repeat(told[:1, :2], 3, axis=0))
    at = curve(3.0, 0.5)
    np.testing.assert_allclose(told[1, 2:], curve(HOURS[2:] - 3.0, 1.0, n0=at), rtol=1e-4)
    np.testing.assert_allclose(told[2, 3:], curve([2.0, 4.0], 0.5, n0=curve(4.0, 0.5) + 1), rtol=1e-4)
    again = lab.branch(stay, [stay], at_h=3.0, measurements=doc.measurements)[..., 0]
    np.testing.assert_array_equal(again[0], told[0])
    np.testing.assert_allclose(lab.truth([stay], doc.measurements)[0, :, 0], curve(HOURS, 0.5), rtol=1e-4)


@pytest.mark.parametrize("at_h", [-1.0, 8.0])
def test_a_branch_lies_within_what_is_read(folder, at_h):
    lab, doc = opened(folder)
    with pytest.raises(ResultsError, match="branch"):
        lab.branch({"r": 0.5, "boost": 0.0}, [{"r": 0.5, "boost": 0.0}], at_h=at_h, measurements=doc.measurements)


def test_the_sensor_has_the_noise_that_the_context_states(folder):
    lab, doc = opened(folder, context={"noise_cv": 0.1, "noise_sd": 0.02})
    n = 300
    space = lab.space
    made = [Experiment(id=f"e{i}", system="s", interventions=space.interventions({"r": 0.5, "boost": 0.0})) for i in range(n)]
    rows = csv.DictReader(io.StringIO(lab.answer(LabOrder(experiments=made, measurements=doc.measurements, round=1, seed=1)).text))
    read = np.array([float(row["value"]) for row in rows]).reshape(n, 5)
    expected = np.sqrt((0.1 * curve(HOURS, 0.5)) ** 2 + 0.02**2)
    np.testing.assert_allclose(read.std(axis=0), expected, rtol=0.15)
    np.testing.assert_allclose(read.mean(axis=0), curve(HOURS, 0.5), atol=4 * expected.max() / n**0.5)


def test_time_is_in_the_models_unit(folder):
    lab, doc = opened(folder, context={"time_unit": "min", "end_h": 0.1}, factors=[{"kind": "continuous", "name": "r", "low": 0.1, "high": 2}], at_h=[])
    assert lab.truth([{"r": 0.5}], doc.measurements)[0, 0, 0] == pytest.approx(curve(6.0, 0.5), rel=1e-4)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"context": {"k": 1.0}}, SpaceError, "context.k: expected a number for an id"),
        ({"context": {"noise_cv": "much"}}, SpaceError, "context.noise_cv"),
        ({"context": {"time_unit": "year"}}, MechanismError, "unit of time"),
        ({"factors": [{"kind": "continuous", "name": "rate", "low": 0, "high": 1}]}, MechanismError, "rate: expected a constant"),
        ({"measured": "M"}, MechanismError, "M: expected an id"),
        ({"at_h": []}, SpaceError, "end_h"),
    ],
)
def test_what_the_model_does_not_know_is_refused_when_the_lab_is_opened(folder, changed, error, said):
    with pytest.raises(error, match=said):
        opened(folder, **changed)


def test_a_file_that_is_missing_or_no_sbml_is_refused(tmp_path):
    with pytest.raises(NextwellError, match="found none"):
        opened(tmp_path)
    (tmp_path / "growth.xml").write_text("hello")
    with pytest.raises(NextwellError, match="Expected SBML"):
        opened(tmp_path)
