"""The table lab: what it holds it answers, replicates in turn; what it does not hold it refuses with the nearest row."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from world_model.labs.table import TableLab
from world_model.terms.errors import ResultsError
from world_model.terms.experiment import Experiment
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder
from world_model.terms.space import SearchSpace

YIELD = Measurement(name="yield", unit="%")
SPACE = SearchSpace(factors=(Categorical(name="solvent", levels=("DMF", "water", "toluene")), Discrete(name="hot", unit="°C", values=(20.0, 60.0, 100.0))))
FRAME = pd.DataFrame(
    {
        "entry": [1, 2, 3, 4, 5],
        "solvent": ["DMF", "DMF", "DMF", "water", "toluene"],
        "hot": [20.0, 20.0, 20.0, 60.0, 100.0],
        "yield": [10.0, 20.0, 60.0, 5.5, 80.0],
        "who": ["x", "y", None, "x", "y"],
    }
)


def a_lab(frame: pd.DataFrame = FRAME, **given) -> TableLab:
    return TableLab.of_frame(frame, **{"space": SPACE, "measurements": (YIELD,), "source": "t.csv", **given})


def answers(lab: TableLab, *settings: dict, round: int = 1, seed: int = 0, measurements=(YIELD,)) -> list[float]:
    made = [Experiment(id=f"E{k}", system="s", interventions=lab.space.interventions(given)) for k, given in enumerate(settings)]
    text = lab.answer(LabOrder(experiments=made, measurements=measurements, round=round, seed=seed)).text
    return [float(row["value"]) for row in csv.DictReader(io.StringIO(text))]


DMF = {"solvent": "DMF", "hot": 20.0}


def test_what_the_table_holds_is_answered_to_the_digit():
    assert answers(a_lab(), {"solvent": "water", "hot": 60.0}, {"solvent": "toluene", "hot": 100.0}) == [5.5, 80.0]


def test_replicates_come_in_turn_within_a_round_and_across_rounds():
    assert sorted(answers(a_lab(), DMF, DMF, DMF)) == [10.0, 20.0, 60.0]
    assert sorted(answers(a_lab(), DMF, round=r)[0] for r in (1, 2, 3)) == [10.0, 20.0, 60.0]
    assert answers(a_lab(), DMF, DMF, DMF, DMF)[3] == answers(a_lab(), DMF)[0]


def test_the_turn_is_the_seeds():
    assert answers(a_lab(), DMF, seed=4) == answers(a_lab(), DMF, seed=4)
    assert {answers(a_lab(), DMF, seed=seed)[0] for seed in range(20)} == {10.0, 20.0, 60.0}


def test_truth_is_the_mean_over_replicates():
    np.testing.assert_array_equal(a_lab().truth([DMF, {"solvent": "water", "hot": 60.0}], [YIELD]), [[[30.0]], [[5.5]]])


def test_numbers_match_to_nine_digits_and_no_further():
    assert answers(a_lab(), {"solvent": "water", "hot": 60.0 * (1 + 5e-10)}) == [5.5]
    with pytest.raises(ResultsError, match="row 5"):
        a_lab().truth([{"solvent": "water", "hot": 60.0 * (1 + 5e-9)}], [YIELD])


def test_rows_written_with_rounding_are_one_setting():
    frame = pd.DataFrame({"dose": [0.1 + 0.2, 0.3, 1.0], "yield": [1.0, 3.0, 9.0]})
    lab = a_lab(frame, space=SearchSpace(factors=(Continuous(name="dose", low=0, high=1),)))
    assert lab.truth([{"dose": 0.3}], [YIELD])[0, 0, 0] == 2.0


def test_what_it_does_not_hold_is_refused_with_the_nearest_row():
    # toluene at 100 is one category away; water at 60 half of the range of 80: the nearer
    with pytest.raises(ResultsError) as refused:
        answers(a_lab(), {"solvent": "water", "hot": 100.0})
    assert "solvent = water, hot = 100" in str(refused.value)
    assert "nearest is row 5: solvent = water, hot = 60" in str(refused.value)


def test_blanks_are_refused():
    order = LabOrder(experiments=[Experiment(id="B", system="s", role="blank")], measurements=(YIELD,), round=1, seed=0)
    with pytest.raises(ResultsError, match="blanks = 0"):
        a_lab().answer(order)


COURSE = Measurement(name="yield", unit="%", at_h=(1.0, 2.0))


def test_a_time_course_is_answered_curve_by_curve():
    frame = pd.DataFrame({"solvent": "DMF", "hot": 20.0, "time_h": [1.0, 1.0, 2.0, 2.0], "yield": [1.0, 10.0, 2.0, 20.0]})
    lab = a_lab(frame, measurements=(COURSE,))
    curves = {tuple(answers(lab, DMF, round=r, measurements=(COURSE,))) for r in (1, 2)}
    assert curves == {(1.0, 2.0), (10.0, 20.0)}
    np.testing.assert_array_equal(lab.truth([DMF], [COURSE])[0, :, 0], [5.5, 11.0])
    with pytest.raises(ResultsError, match=r"1, 2 h\), found 3 h"):
        lab.truth([DMF], [Measurement(name="yield", unit="%", at_h=(1.0, 3.0))])


def test_a_curve_with_a_hole_in_one_replicate_is_refused():
    frame = pd.DataFrame({"solvent": "DMF", "hot": 20.0, "time_h": [1.0, 1.0, 2.0], "yield": [1.0, 10.0, 2.0]})
    with pytest.raises(ResultsError, match="as many readings"):
        a_lab(frame, measurements=(COURSE,))


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FRAME.drop(columns="hot"), "factor 'hot'"),
        (FRAME.drop(columns="yield"), "measurement 'yield'"),
        (FRAME.assign(**{"yield": ["1", "2", "n.d.", "4", "5"]}), r"row 4: expected a number in column 'yield', found 'n\.d\.'"),
        (FRAME.assign(solvent=["DMF", None, "DMF", "water", "water"]), "row 3: expected a level"),
        (FRAME.iloc[:0], "found none"),
    ],
)
def test_a_table_with_a_mistake_is_refused_where_it_is(frame, says):
    with pytest.raises(ResultsError, match=says):
        a_lab(frame)


def test_csv_with_a_byte_order_mark_and_parquet_are_read_alike(tmp_path: Path):
    frame = FRAME.drop(columns=["entry", "who"])
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + frame.to_csv(index=False).encode())
    frame.to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        lab = TableLab.read(tmp_path / name, space=SPACE, measurements=(YIELD,))
        assert lab.truth([DMF], [YIELD])[0, 0, 0] == 30.0


def test_files_that_are_no_table_are_refused(tmp_path: Path):
    (tmp_path / "results.csv").write_text("")
    (tmp_path / "results.xlsx").write_text("x")
    for name, says in (("results.csv", "can't be read"), ("results.xlsx", "csv or .parquet"), ("result.csv", "Did you mean 'results.csv'")):
        with pytest.raises(ResultsError, match=says):
            TableLab.read(tmp_path / name, space=SPACE, measurements=(YIELD,))
