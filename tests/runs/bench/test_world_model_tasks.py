"""Tasks from SBML files: the same as the published protocol's, and their prior, their branches and their cuts are what they say."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("roadrunner", reason="needs libroadrunner, extra `sbml`")
pytest.importorskip("libsbml", reason="needs python-libsbml, extra `sbml`")

from runs.bench.branching_task import BRANCH, BranchingTask
from runs.bench.lab_task import LabTask
from runs.bench.sbml_task import SbmlTask
from runs.bench.sbml_truth import SbmlTruth, search_t_end
from runs.bench.world_model_tasks import open_task, shipped_models, split_end
from runs.bench.wrong_structure import MATTERS
from world_model.terms.errors import NextwellError

# data and a protocol that may lie beside the repository; nothing of the product needs them
SHARED = Path(__file__).resolve().parents[4] / "shared"
DECAY = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="decay">
<listOfCompartments><compartment id="c" size="1" constant="true" spatialDimensions="3"/></listOfCompartments>
<listOfSpecies><species id="S" compartment="c" initialConcentration="1" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/></listOfSpecies>
<listOfParameters><parameter id="k" value="1" constant="true"/></listOfParameters>
<listOfReactions><reaction id="loss" reversible="false"><listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>k</ci><ci>S</ci></apply></math></kineticLaw></reaction></listOfReactions>
</model></sbml>"""


@pytest.fixture(scope="module")
def cascade() -> SbmlTask:
    return SbmlTask.of(shipped_models()["cascade"], t_end=60.0, seed=0)


@pytest.fixture(scope="module")
def branching(cascade: SbmlTask) -> BranchingTask:
    return BranchingTask.of(cascade)


def rows_of(columns: dict[str, np.ndarray]) -> list[dict[str, float]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*(column.tolist() for column in columns.values()), strict=True)]


@pytest.mark.skipif(not (SHARED / "bench" / "world_model.py").exists(), reason="the protocol's own file does not lie beside the repository")
@pytest.mark.parametrize("file, t_end", [pytest.param("petab/Bachmann_MSB2011/model_Bachmann_MSB2011.xml", 120, marks=pytest.mark.slow), ("biomodels_sbml/BIOMD0000000010.xml", 9000)])
def test_the_task_is_the_protocols_own(file, t_end):
    spec = importlib.util.spec_from_file_location("protocol_of_tasks", SHARED / "bench" / "world_model.py")
    protocol = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = protocol
    spec.loader.exec_module(protocol)
    theirs, ours = protocol.make_task(str(SHARED / "data" / file), t_end, 3), SbmlTask.of(SHARED / "data" / file, t_end=t_end, seed=3)
    assert list(ours.actions) == theirs.action_names
    assert ours.observed.species.tolist() == theirs.observed.tolist() and dict(ours.wrong) == theirs.wrong
    np.testing.assert_allclose(ours.scale, theirs.scale, rtol=1e-4)
    drawn = theirs.draw(3, noise=0.0)
    mine = ours.truth({name: drawn.actions[:, j] for j, name in enumerate(ours.space.names)})
    np.testing.assert_allclose(mine, drawn.readings, atol=1e-4)


def test_a_mechanism_without_wrong_constants_is_the_truth(cascade, branching):
    for task in (cascade, branching):
        drawn = task.draw(5, rng=np.random.default_rng(1))
        exact = replace(task.mechanism("wrong parameters"), wrong={}).simulate(rows_of(drawn.columns), task.times, task.variables)
        np.testing.assert_allclose(exact, drawn.truth, atol=1e-5)


def test_the_wrong_mechanism_is_off_and_the_wrong_structure_further(cascade):
    drawn = cascade.draw(20, rng=np.random.default_rng(2))

    def error(prior):
        told = cascade.mechanism(prior).simulate(rows_of(drawn.columns), cascade.times, cascade.variables)
        return float(np.sqrt(np.nanmean(np.square((told - drawn.truth) / cascade.scale))))

    assert error("wrong parameters") > 0.1 and error("wrong structure") > error("wrong parameters")
    assert cascade._moved(cascade.cut().model) >= MATTERS
    assert any(word in cascade.cut().what for word in ("removed", "held at its start"))


def test_readings_are_the_truth_with_five_percent_noise_and_seeds_repeat(cascade):
    first, again = (cascade.draw(200, rng=np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.readings, again.readings)
    assert np.std((first.readings - first.truth) / cascade.scale) == pytest.approx(0.05, rel=0.03)
    assert max(np.abs(column).max() for column in cascade.draw(50, rng=np.random.default_rng(1), share=0.5).columns.values()) <= 0.5


def test_branches_share_the_past_and_equal_plans_the_future(branching):
    still = branching.settings(np.zeros(4), np.array([0.3, -0.2]))
    other = branching.settings(np.zeros(4), np.array([-0.9, 0.8]))
    one, same, apart = branching.futures(still, [still, still, other])
    np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(one[: BRANCH + 1], apart[: BRANCH + 1])
    assert np.abs(one[-1] - apart[-1]).max() > 0.01


def test_a_plan_that_changes_nothing_is_the_run_itself(branching):
    # holding a constant at what it is anyway (factor 1 = log10 0) changes nothing
    plan = branching.settings(np.zeros(4), np.zeros(2))
    straight = branching.start.truth({name: np.zeros(1) for name in branching.start.space.names})[0]
    np.testing.assert_allclose(branching.futures(plan, [plan])[0], straight, atol=1e-4)


def test_the_end_of_a_decay_is_found_at_a_few_time_constants():
    # log((1 + 0.01) / (exp(-t) + 0.01)) reaches 90 % of its limit at t = 5.1 for k = 1; the runs have k between about 0.4 and 2
    assert search_t_end(SbmlTruth(text=DECAY), n_times=13) in (5.0, 10.0)


def test_specs_are_read_and_wrong_ones_refused(tmp_path):
    assert split_end("model.xml@12.5") == ("model.xml", 12.5) and split_end("model.xml") == ("model.xml", None)
    with pytest.raises(NextwellError, match="positive number after @"):
        split_end("model.xml@soon")
    with pytest.raises(NextwellError, match="sbml:FILE"):
        open_task("sbmll:x", seed=0)
    with pytest.raises(NextwellError, match="found none at"):
        open_task(f"sbml:{tmp_path / 'no.xml'}", seed=0)


def test_a_lab_is_a_task_too_with_the_goal_as_reward():
    task = open_task("penicillin", seed=0)
    assert isinstance(task, LabTask) and task.mechanism("wrong parameters") is None
    drawn = task.draw(4, rng=np.random.default_rng(0))
    # one end point that is wanted high: its value in sd
    np.testing.assert_allclose(task.reward(drawn.truth), drawn.truth[:, 0, 0] / task.scale[0])
    assert all(not task.space.reasons_against(row) for row in rows_of(drawn.columns))
