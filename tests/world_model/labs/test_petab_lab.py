"""The petab lab: measured conditions are answered with their readings, anything else is refused with the nearest that was measured."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("petab")
pytest.importorskip("roadrunner")

import runs
from world_model.labs.petab import PetabLab, candidates_of, petab_campaign
from world_model.mechanisms.petab_problem import PetabProblem
from world_model.terms.errors import ResultsError, SpaceError
from world_model.terms.experiment import Experiment
from world_model.terms.factors import Discrete
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder
from world_model.terms.space import SearchSpace

EXAMPLE = Path(runs.__file__).parent / "examples" / "petab_decay"
SIGNAL, SHARE = Measurement(name="signal", at_h=(0, 2, 8)), Measurement(name="share")
INHIBITOR = "inhibitor lg(1+x/0.5)"
POINT = {"dose": 10.0, INHIBITOR: 0.0, "experiment": "experiment 2"}


@pytest.fixture(scope="module")
def problem() -> PetabProblem:
    return PetabProblem.read(EXAMPLE)


@pytest.fixture(scope="module")
def lab(problem: PetabProblem) -> PetabLab:
    return PetabLab.of(problem, space=problem.space, measurements=(SIGNAL, SHARE))


def answers(lab: PetabLab, *settings: dict, round: int = 1, measurements=(SIGNAL, SHARE)) -> list[float]:
    made = [Experiment(id=f"E{k}", system="s", interventions=lab.space.interventions(given)) for k, given in enumerate(settings)]
    text = lab.answer(LabOrder(experiments=made, measurements=measurements, round=round, seed=0)).text
    return [float(row["value"]) for row in csv.DictReader(io.StringIO(text))]


def test_a_condition_that_was_not_measured_is_refused_with_the_nearest(lab: PetabLab):
    with pytest.raises(ResultsError, match=r"dose = 12, .* The nearest is dose = 10, "):
        lab.truth([POINT | {"dose": 12.0}], [SIGNAL])
    with pytest.raises(ResultsError, match=r"experiment = experiment 1\. The nearest is dose = 3, "):
        lab.truth([POINT | {"experiment": "experiment 1"}], [SIGNAL])
    with pytest.raises(ResultsError, match="a value for 'experiment', found none"):
        lab.truth([{"dose": 10.0, INHIBITOR: 0.0}], [SIGNAL])


def test_a_time_or_an_observable_that_was_not_read_is_refused(lab: PetabLab):
    with pytest.raises(ResultsError, match=r"\(0, 1, 2, 4, 8\), found 3\. The nearest is 2\."):
        lab.truth([POINT], [Measurement(name="signal", at_h=(3,))])
    with pytest.raises(ResultsError, match="'signl'. Did you mean 'signal'"):
        lab.truth([POINT], [Measurement(name="signl")])


def test_a_space_of_other_factors_is_refused(problem: PetabProblem):
    with pytest.raises(SpaceError, match="'dosis'. Did you mean 'dose'"):
        PetabLab.of(problem, space=SearchSpace(factors=(Discrete(name="dosis", values=(1.0,)),)), measurements=(SIGNAL,))
    with pytest.raises(SpaceError, match="found none for .*experiment"):
        PetabLab.of(problem, space=SearchSpace(factors=(Discrete(name="dose", values=(1.0,)),)), measurements=(SIGNAL,))


def test_answers_are_the_readings_replicates_in_turn(lab: PetabLab):
    rows = [line.split("\t") for line in (EXAMPLE / "measurements.tsv").read_text().splitlines()]
    held = {t: {round(float(np.log10(float(row[2]))), 9) for row in rows if row[:2] == ["signal", "c10_0"] and float(row[3]) == t} for t in (0, 2, 8)}
    first, second = answers(lab, POINT, POINT, measurements=(SIGNAL,))[:3], answers(lab, POINT, POINT, measurements=(SIGNAL,))[3:]
    for t, pair in zip((0, 2, 8), zip(first, second, strict=True), strict=True):
        assert {round(value, 9) for value in pair} == held[t]
    assert answers(lab, POINT, round=2, measurements=(SIGNAL,)) == second


def test_truth_is_the_mean_of_the_replicates_and_an_end_point_is_the_last_time(lab: PetabLab):
    told = lab.truth([POINT], [SIGNAL, SHARE])
    np.testing.assert_allclose(told[0, :, 0], np.mean([answers(lab, POINT, round=r, measurements=(SIGNAL,)) for r in (1, 2)], axis=0))
    assert np.isnan(told[0, :2, 1]).all()
    assert told[0, 2, 1] == pytest.approx(np.exp(-0.3 * 8), abs=0.03)


def test_a_campaign_is_made_of_the_problem(problem: PetabProblem):
    campaign = petab_campaign(EXAMPLE)
    assert len(campaign.space.candidates) == 16
    assert {m.name: m.at_h for m in campaign.measurements} == {"signal": (0, 1, 2, 4, 8), "share": (0, 1, 2, 4, 8)}
    assert campaign.space["dose"].scale == "log"


def test_only_conditions_read_at_all_asked_times_become_candidates(tmp_path: Path):
    for file in EXAMPLE.iterdir():
        text = file.read_text()
        if file.name == "measurements.tsv":
            text = "\n".join(line for line in text.splitlines() if not (line.startswith("signal\tc1_0\t") and "\t8\tscale" in line)) + "\n"
        (tmp_path / file.name).write_text(text)
    assert len(candidates_of(tmp_path, [SIGNAL])[1]) == 15
    assert len(candidates_of(tmp_path, [Measurement(name="signal", at_h=(0, 2))])[1]) == 16
    with pytest.raises(ResultsError, match="found none"):
        candidates_of(tmp_path, [Measurement(name="signal", at_h=(0, 3))])
