"""The microplate lab as an orderer meets it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from world_model.labs.microplate.lab import MicroplateLab
from world_model.labs.microplate.sensor import Bench
from world_model.terms.errors import ResultsError, SpaceError
from world_model.terms.experiment import Experiment
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder
from world_model.terms.space import SearchSpace

HOURS = tuple(float(hour) for hour in range(13))
OD = Measurement(name="OD600", unit="OD600", at_h=HOURS)
GFP = Measurement(name="GFP", unit="RFU", at_h=HOURS)
SPACE = SearchSpace(
    factors=(
        Continuous(name="glucose", unit="mM", low=2, high=60),
        Continuous(name="iptg", unit="mM", low=0.005, high=1, acts="dose", at="induction"),
        Discrete(name="induction", unit="h", values=(0.0, 2.0, 4.0), acts="time"),
    )
)
SETTINGS = {"glucose": 20.0, "iptg": 0.1, "induction": 2.0}


def order(n: int, *, blanks: int = 0, round: int = 1, seed: int = 7, wells: tuple[str, ...] = (), measurements=(OD, GFP)) -> LabOrder:
    made = [Experiment(id=f"R01-{k:03d}", system="E. coli", interventions=SPACE.interventions(SETTINGS)) for k in range(n)]
    made += [Experiment(id=f"B{k}", system="E. coli", role="blank") for k in range(blanks)]
    return LabOrder(experiments=made, measurements=measurements, round=round, seed=seed, plate="P1" if wells else "", wells=wells, volume_ul=200.0)


def readings(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def of(rows, *, name: str, measurement: str, key: str = "experiment_id") -> np.ndarray:
    return np.array([float(row["value"]) for row in rows if row[key] == name and row["measurement"] == measurement])


def test_truth_is_the_mean_of_many_readings_less_background():
    lab = MicroplateLab(SPACE, bench=Bench(lost_share=0.0))
    ends = []
    for round in range(1, 21):
        rows = readings(lab.answer(order(8, round=round)).text)
        ends += [of(rows, name=f"R01-{k:03d}", measurement="GFP")[-1] - 260.0 for k in range(8)]
    truth = lab.truth([SETTINGS], [GFP])[0, -1, 0]
    # day effects of about 5 % over 20 rounds leave 1 % of doubt; growth is convex, so allow 4 %
    assert np.mean(ends) == pytest.approx(truth, rel=0.04)


def test_blanks_do_not_grow():
    rows = readings(MicroplateLab(SPACE, bench=Bench(lost_share=0.0)).answer(order(1, blanks=3)).text)
    assert of(rows, name="B1", measurement="OD600").max() < 0.1
    assert of(rows, name="B1", measurement="GFP").max() < 400
    assert of(rows, name="R01-000", measurement="OD600")[-1] > 2


def test_a_well_more_at_the_end_leaves_the_others_as_they_were():
    lab = MicroplateLab(SPACE)
    few, more = readings(lab.answer(order(3)).text), readings(lab.answer(order(4)).text)
    assert few == [row for row in more if row["experiment_id"] != "R01-003"]


def test_the_day_shifts_all_wells_of_a_round_together():
    lab = MicroplateLab(SPACE, bench=Bench(lost_share=0.0))
    rounds = []
    for round in range(1, 13):
        rows = readings(lab.answer(order(6, round=round)).text)
        rounds.append([of(rows, name=f"R01-{k:03d}", measurement="GFP")[-1] for k in range(6)])
    table = np.array(rounds)
    between, within = table.mean(axis=1).var(ddof=1), table.var(axis=1, ddof=1).mean()
    assert between > 2 * within / 6


def test_wells_at_the_rim_are_slower():
    lab = MicroplateLab(SPACE, bench=Bench(lost_share=0.0, pipetting_cv=0.0, cells_cv=0.0, od_noise=0.0, od_noise_cv=0.0, od_blank_sd=0.0))
    rows = readings(lab.answer(order(2, wells=("A1", "D6"))).text)
    rim, inner = (of(rows, name=well, measurement="OD600", key="well") for well in ("A1", "D6"))
    assert rim[6] < inner[6]


def test_a_lost_well_is_marked_at_every_time():
    rows = readings(MicroplateLab(SPACE, bench=Bench(lost_share=1.0)).answer(order(2)).text)
    assert {row["value"] for row in rows} == {"LOST"}
    assert len(rows) == 2 * 2 * len(HOURS)


def test_dense_cultures_overflow_the_reader():
    lab = MicroplateLab(SPACE, {"ammonium": 60.0, "magnesium": 4.0})
    rich = Experiment(id="rich", system="E. coli", interventions=SPACE.interventions({"glucose": 50.0, "iptg": 0.005, "induction": 4.0}))
    rows = readings(lab.answer(LabOrder(experiments=[rich], measurements=(OD,), round=1, seed=1, volume_ul=200.0)).text)
    assert rows[-1]["value"] == "OVRFLW" and rows[0]["value"] != "OVRFLW"


def test_units_convert_through_the_molar_mass():
    grams = SearchSpace(factors=(Continuous(name="glucose", unit="g/L", low=0.3, high=12), *SPACE.factors[1:]))
    by_mass = MicroplateLab(grams).truth([{**SETTINGS, "glucose": 20.0 * 0.180156}], [GFP])
    np.testing.assert_allclose(by_mass, MicroplateLab(SPACE).truth([SETTINGS], [GFP]), rtol=1e-9)


def test_an_end_point_is_the_last_value_of_the_run():
    lab = MicroplateLab(SPACE, {"run_h": 12.0})
    end = Measurement(name="GFP", unit="RFU")
    assert lab.truth([SETTINGS], [end])[0, 0, 0] == pytest.approx(lab.truth([SETTINGS], [GFP])[0, -1, 0], rel=1e-4)
    rows = readings(lab.answer(order(1, measurements=(end,))).text)
    assert len(rows) == 1 and rows[0]["time_h"] == ""


def test_a_colder_incubator_slows_the_culture():
    warm, cold = (MicroplateLab(SPACE, {"temperature_c": t}).truth([SETTINGS], [OD])[0, 6, 0] for t in (37.0, 30.0))
    assert cold < 0.7 * warm


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (Continuous(name="glucoze", unit="mM", low=1, high=2), "Did you mean 'glucose'?"),
        (Continuous(name="glucose", unit="°C", low=1, high=2), "another dimension"),
        (Continuous(name="glucose", unit="", low=1, high=2), "never convert"),
        (Continuous(name="glucose", unit="mM", low=-1, high=2), "at least 0"),
        (Continuous(name="magnesium", unit="mM", low=1, high=2, acts="dose", at=2.0), "only iptg"),
        (Discrete(name="induction", unit="h", values=(0.0, 2.0), acts="time"), "at = 'induction'"),
        (Continuous(name="iptg", unit="mM", low=0, high=2, acts="hold", from_h=1, to_h=2), "found acts = 'hold' on 'iptg'"),
        (Continuous(name="iptg", unit="mM", low=0, high=2, acts="dose", at=1.0, variable="glucose"), "found acts = 'dose' on 'glucose'"),
        (Categorical(name="glucose", levels=("much", "little")), "categorical"),
    ],
)
def test_a_space_that_this_lab_can_not_set_is_refused_with_what_is_expected(factor, says):
    with pytest.raises(SpaceError, match=r"microplate lab knows|at least 0|only iptg") as refused:
        MicroplateLab(SearchSpace(factors=(factor,)))
    assert says in str(refused.value)


@pytest.mark.parametrize(("context", "says"), [({"temprature_c": 30.0}, "temperature_c"), ({"temperature_c": "warm"}, "number"), ({"initial_od600": 0}, "above 0")])
def test_a_context_that_means_nothing_here_is_refused(context, says):
    with pytest.raises(SpaceError, match=says):
        MicroplateLab(SPACE, context)


@pytest.mark.parametrize(("measurement", "says"), [(Measurement(name="RFP", unit="RFU"), "GFP"), (Measurement(name="GFP", unit="AU"), "in RFU")])
def test_a_measurement_without_a_detector_is_refused(measurement, says):
    with pytest.raises(ResultsError, match=says):
        MicroplateLab(SPACE).answer(order(1, measurements=(measurement,)))
