"""The penicillin lab against BoTorch's own answer."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
import torch
from botorch.test_functions.multi_objective import Penicillin

from world_model.labs.penicillin import INPUTS, NOISE_CV, PenicillinLab
from world_model.terms.errors import ResultsError, SpaceError
from world_model.terms.experiment import Experiment
from world_model.terms.factors import Continuous
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder
from world_model.terms.space import SearchSpace

TITRE = Measurement(name="penicillin", unit="g/L")
LENGTH = Measurement(name="fermentation_time", unit="h")
FACTORS = tuple(
    Continuous(name=name, unit=unit, low=low, high=high) for (name, unit), (low, high) in zip(INPUTS.items(), Penicillin._bounds, strict=True)
)
SPACE = SearchSpace(factors=FACTORS)
POINT = dict(zip(INPUTS, (90.0, 5.0, 298.0, 9.0, 0.2, 600.0, 6.0), strict=True))


def lab(space: SearchSpace = SPACE, context: dict | None = None) -> PenicillinLab:
    return PenicillinLab(space, (TITRE,), context or {})


def test_truth_is_botorchs_own_answer_with_the_sign_turned():
    minimised = Penicillin(dtype=torch.double)(torch.tensor([list(POINT.values())], dtype=torch.double))[0]
    values = lab().truth([POINT], [TITRE, LENGTH])
    np.testing.assert_allclose(values[0, 0], [-float(minimised[0]), float(minimised[2])], rtol=1e-12)
    assert values[0, 0, 0] > 1.0


def test_readings_scatter_by_the_assay_around_the_truth():
    n = 400
    made = [Experiment(id=f"E{k}", system="s", interventions=SPACE.interventions(POINT)) for k in range(n)]
    text = lab().answer(LabOrder(experiments=made, measurements=(TITRE,), round=1, seed=3)).text
    read = np.array([float(row["value"]) for row in csv.DictReader(io.StringIO(text))])
    truth = lab().truth([POINT], [TITRE])[0, 0, 0]
    assert read.mean() == pytest.approx(truth, rel=4 * NOISE_CV / np.sqrt(n))
    assert read.std(ddof=1) / truth == pytest.approx(NOISE_CV, rel=0.15)


def test_inputs_that_are_no_factors_come_from_the_context():
    six = SearchSpace(factors=FACTORS[:-1])
    assert lab(six, {"pH": 6.0}).truth([POINT], [TITRE])[0, 0, 0] == lab().truth([POINT], [TITRE])[0, 0, 0]
    with pytest.raises(SpaceError, match="'pH'"):
        lab(six)
    with pytest.raises(SpaceError, match=r"5 to 6\.5"):
        lab(six, {"pH": 7.0})


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (Continuous(name="temprature", unit="K", low=294, high=300), "'temperature'"),
        (Continuous(name="temperature", unit="°C", low=20, high=30), "in K"),
        (Continuous(name="temperature", unit="K", low=280, high=300), "293 to 303"),
        (Continuous(name="temperature", unit="K", low=294, high=300, acts="hold", from_h=1, to_h=2), "found acts = 'hold'"),
    ],
)
def test_a_space_outside_the_simulator_is_refused(factor, says):
    with pytest.raises(SpaceError, match=says):
        lab(SearchSpace(factors=(factor,)))


def test_a_time_course_is_refused_for_the_simulator_tells_only_the_end():
    with pytest.raises(ResultsError, match="end point"):
        PenicillinLab(SPACE, (Measurement(name="penicillin", unit="g/L", at_h=(0.0, 10.0)),))


def test_a_setting_outside_the_bounds_is_refused():
    with pytest.raises(ResultsError, match="60 to 120 L"):
        lab().truth([{**POINT, "culture_volume": 200.0}], [TITRE])
