"""What every lab of the registry owes to whoever orders from it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import runs
from world_model.labs.registry import labs, open_lab
from world_model.labs.tidy import sample_times
from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import NextwellError
from world_model.terms.experiment import Experiment
from world_model.terms.goals import Measurement
from world_model.terms.lab import Lab, LabOrder
from world_model.terms.space import SearchSpace


@dataclass(frozen=True)
class Case:
    """A lab with a campaign that it can serve: points it holds, and how it is opened."""

    spec: str
    doc: CampaignDoc
    points: tuple[dict[str, float | str], ...]
    blanks: bool
    tolerance: float


def microplate_case(folder: Path) -> Case:
    doc = CampaignDoc(
        name="c",
        factors=[
            {"kind": "continuous", "name": "glucose", "unit": "mM", "low": 2, "high": 60},
            {"kind": "continuous", "name": "iptg", "unit": "mM", "low": 0.005, "high": 1, "acts": "dose", "at": "induction"},
            {"kind": "discrete", "name": "induction", "unit": "h", "values": [0, 2], "acts": "time"},
        ],
        measurements=[{"name": "OD600", "unit": "OD600", "at_h": [0, 4, 8]}, {"name": "GFP", "unit": "RFU"}],
        goals=[{"readout": "GFP"}],
    )  # fmt: skip
    points = ({"glucose": 10.0, "iptg": 0.1, "induction": 0.0}, {"glucose": 30.0, "iptg": 0.05, "induction": 2.0})
    return Case("microplate", doc, points, blanks=True, tolerance=0.35)


def penicillin_case(folder: Path) -> Case:
    fixed = {
        "culture_volume": 90.0, "biomass_concentration": 5.0, "temperature": 298.0, "substrate_feed_rate": 0.2,
        "substrate_feed_concentration": 600.0, "pH": 6.0,
    }  # fmt: skip
    doc = CampaignDoc(
        name="c", context=fixed, factors=[{"kind": "continuous", "name": "glucose_concentration", "unit": "g/L", "low": 1, "high": 18}],
        measurements=[{"name": "penicillin", "unit": "g/L"}], goals=[{"readout": "penicillin"}],
    )  # fmt: skip
    return Case("penicillin", doc, ({"glucose_concentration": 3.0}, {"glucose_concentration": 12.0}), blanks=True, tolerance=0.2)


def table_case(folder: Path) -> Case:
    (folder / "t.csv").write_text("kind,dose,time_h,signal\na,1,0,10\na,1,5,20\nb,2,0,30\nb,2,5,40\n")
    doc = CampaignDoc(
        name="c",
        factors=[{"kind": "categorical", "name": "kind", "levels": ["a", "b"]}, {"kind": "continuous", "name": "dose", "low": 0, "high": 3}],
        measurements=[{"name": "signal", "unit": "AU", "at_h": [0, 5]}], goals=[{"readout": "signal"}],
    )  # fmt: skip
    return Case("table:t.csv", doc, ({"kind": "a", "dose": 1.0}, {"kind": "b", "dose": 2.0}), blanks=False, tolerance=1e-12)


SBML = """<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="decay">
<listOfCompartments><compartment id="c" size="1" constant="true" spatialDimensions="3"/></listOfCompartments>
<listOfSpecies><species id="S" compartment="c" initialConcentration="1" boundaryCondition="false" hasOnlySubstanceUnits="false" constant="false"/></listOfSpecies>
<listOfParameters><parameter id="k" value="0.1" constant="true"/></listOfParameters>
<listOfReactions><reaction id="loss" reversible="false" fast="false">
<listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>c</ci><ci>k</ci><ci>S</ci></apply></math></kineticLaw>
</reaction></listOfReactions></model></sbml>"""


def sbml_case(folder: Path) -> Case:
    pytest.importorskip("roadrunner")
    pytest.importorskip("libsbml")
    (folder / "decay.xml").write_text(SBML)
    doc = CampaignDoc(
        name="c", factors=[{"kind": "continuous", "name": "k", "low": 0.01, "high": 1}], measurements=[{"name": "S", "unit": "AU", "at_h": [0, 1, 4]}],
        goals=[{"readout": "S"}],
    )  # fmt: skip
    return Case("sbml:decay.xml", doc, ({"k": 0.1}, {"k": 0.3}), blanks=True, tolerance=0.25)


def petab_case(folder: Path) -> Case:
    pytest.importorskip("petab")
    pytest.importorskip("roadrunner")
    doc = CampaignDoc(
        name="c",
        factors=[
            {"kind": "discrete", "name": "dose", "values": [1, 3, 10, 30], "scale": "log"},
            {"kind": "continuous", "name": "inhibitor lg(1+x/0.5)", "low": 0, "high": 3},
            {"kind": "categorical", "name": "experiment", "levels": ["experiment 1", "experiment 2"]},
        ],
        measurements=[{"name": "signal", "at_h": [0, 2, 8]}, {"name": "share", "at_h": [0, 2, 8]}], goals=[{"readout": "signal"}],
    )  # fmt: skip
    points = tuple({"dose": dose, "inhibitor lg(1+x/0.5)": 0.0, "experiment": "experiment 2"} for dose in (10.0, 30.0))
    return Case(f"petab:{Path(runs.__file__).parent / 'examples' / 'petab_decay'}", doc, points, blanks=False, tolerance=0.1)


CASES: dict[str, Callable[[Path], Case]] = {"microplate": microplate_case, "penicillin": penicillin_case, "sbml": sbml_case, "table": table_case, "petab": petab_case}


@dataclass(frozen=True)
class Opened:
    lab: Lab
    space: SearchSpace
    case: Case

    def order(self, *, round: int = 1, seed: int = 11, wells: tuple[str, ...] = (), roles: tuple[str, ...] = ("candidate", "replicate")) -> LabOrder:
        made = [
            Experiment(id=f"R01-{k:03d}", system="s", role=role, interventions=() if role in ("blank", "unused") else self.space.interventions(point))
            for k, (role, point) in enumerate(zip(roles, self.case.points * 3, strict=False))
        ]
        return LabOrder(experiments=made, measurements=self.case.doc.measurements, round=round, seed=seed, plate="P1" if wells else "", wells=wells)


@pytest.fixture(params=sorted(labs()))
def opened(request, tmp_path: Path) -> Opened:
    assert request.param in CASES, f"the lab {request.param!r} needs a case here"
    case = CASES[request.param](tmp_path)
    space = SearchSpace(factors=case.doc.factors)
    return Opened(open_lab(case.spec, doc=case.doc, space=space, base=tmp_path), space, case)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_it_is_a_lab_with_the_name_it_is_registered_under(opened: Opened):
    assert isinstance(opened.lab, Lab)
    assert opened.lab.name == opened.case.spec.partition(":")[0]


def test_every_experiment_is_read_at_every_time_of_every_measurement_in_its_unit(opened: Opened):
    order = opened.order()
    found = [(row["experiment_id"], row["measurement"], row["time_h"], row["unit"]) for row in rows_of(opened.lab.answer(order).text)]
    expected = [
        (experiment.id, m.name, "" if hour is None else f"{hour:g}", m.unit)
        for m in order.measurements
        for experiment in order.experiments
        for hour in (m.at_h or (None,))
    ]
    assert sorted(found) == sorted(expected)


def test_an_order_with_wells_is_answered_by_plate_and_well(opened: Opened):
    answer = opened.lab.answer(opened.order(wells=("B2", "C3")))
    rows = rows_of(answer.text)
    assert {(row["plate"], row["well"]) for row in rows} == {("P1", "B2"), ("P1", "C3")}
    assert "experiment_id" not in rows[0]
    assert answer.name.endswith(".csv") and "/" not in answer.name


def test_the_same_order_gives_the_same_file(opened: Opened):
    assert opened.lab.answer(opened.order()) == opened.lab.answer(opened.order())


def test_truth_does_not_depend_on_what_was_ordered_before(opened: Opened):
    before = opened.lab.truth(opened.case.points, opened.case.doc.measurements)
    opened.lab.answer(opened.order())
    np.testing.assert_array_equal(opened.lab.truth(opened.case.points, opened.case.doc.measurements), before)


def test_truth_has_the_axes_n_t_y_and_is_finite(opened: Opened):
    measurements = opened.case.doc.measurements
    truth = opened.lab.truth(opened.case.points, measurements)
    assert truth.shape == (len(opened.case.points), len(sample_times(measurements)), len(measurements))
    assert np.isfinite(truth).all()
    assert opened.lab.truth([], measurements).shape[0] == 0


def test_readings_lie_near_the_truth_of_their_own_experiment(opened: Opened):
    measurements = opened.case.doc.measurements
    truth = opened.lab.truth(opened.case.points, measurements)
    hours = sample_times(measurements)
    for row in rows_of(opened.lab.answer(opened.order(seed=1)).text):
        n = ["R01-000", "R01-001"].index(row["experiment_id"])
        y = [m.name for m in measurements].index(row["measurement"])
        t = -1 if row["time_h"] == "" else int(np.searchsorted(hours, float(row["time_h"])))
        assert abs(float(row["value"]) - truth[n, t, y]) <= opened.case.tolerance * np.abs(truth[:, :, y]).max()


def test_unused_places_are_not_read(opened: Opened):
    rows = rows_of(opened.lab.answer(opened.order(roles=("candidate", "unused"))).text)
    assert {row["experiment_id"] for row in rows} == {"R01-000"}


def test_blanks_read_background_or_are_refused(opened: Opened):
    order = opened.order(roles=("candidate", "blank"))
    if not opened.case.blanks:
        with pytest.raises(NextwellError, match="blank"):
            opened.lab.answer(order)
        return
    y = opened.case.doc.measurements[-1].name
    rows = rows_of(opened.lab.answer(order).text)
    grown, blank = (float([r for r in rows if r["experiment_id"] == i and r["measurement"] == y][-1]["value"]) for i in ("R01-000", "R01-001"))
    assert blank < 0.2 * grown


@pytest.mark.parametrize("change", ["measurement", "no measurement", "wells", "id twice", "well twice"])
def test_an_order_that_makes_no_sense_is_refused(opened: Opened, change: str):
    order = opened.order(wells=("B2", "B3"))
    broken = {
        "measurement": replace(order, measurements=(Measurement(name="smell", unit="AU"),)),
        "no measurement": replace(order, measurements=()),
        "wells": replace(order, wells=("B2",)),
        "id twice": replace(order, experiments=[order.experiments[0]] * 2),
        "well twice": replace(order, wells=("B2", "B2")),
    }[change]
    with pytest.raises(NextwellError, match="xpected"):
        opened.lab.answer(broken)
