"""A table moved by a row or column, or in thousandths, is told as that, and not as a hundred consequences."""

import pytest

from runs.ingest.problems import RefusedFile
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.results import read_results
from world_model.terms.goals import Measurement

OD = Measurement(name="OD600", unit="OD600", subtract_blank=True)
LAYOUT = {"B2": "c1", "B5": "c2", "C3": "c3", "D7": "c4", "E2": "c5", "F9": "b1"}
PLAN = ReadingPlan(measurements=(OD,), roles={name: "blank" if name == "b1" else "candidate" for name in LAYOUT.values()}, plates={"P": LAYOUT})
READ = {"B2": 0.5, "B5": 0.6, "C3": 0.7, "D7": 0.8, "E2": 0.9, "F9": 0.045}


def refusal(values, *, scale=1.0):
    text = "plate,well,OD600\n" + "".join(f"P,{well},{scale * value:g}\n" for well, value in values.items())
    with pytest.raises(RefusedFile) as refused:
        read_results(text.encode(), plan=PLAN)
    return refused.value


def moved(rows, columns):
    return {f"{chr(ord(well[0]) + rows)}{int(well[1:]) + columns}": value for well, value in READ.items()}


@pytest.mark.parametrize(
    ("rows", "columns", "said"), [(-1, 0, "moved one row down"), (1, 0, "moved one row up"), (0, -1, "moved one column right"), (0, 1, "moved one column left")]
)
def test_a_shift_comes_first_and_says_what_fits(rows, columns, said):
    first = refusal(moved(rows, columns)).problems[0]
    assert first.found == f"others, that fit the plan if every well is {said}"


def test_wells_that_are_missing_are_no_shift():
    refused = refusal({well: value for well, value in READ.items() if well != "B5"})
    assert not any("moved" in problem.found for problem in refused.problems)


def test_thousandths_are_called_so_and_nobody_is_sent_to_lower_the_floor():
    text = str(refusal(READ, scale=1000))
    assert "It looks like mOD: divide the column by 1000" in text and "lower floor" not in text
    assert "problems of 1 kind;" in text and "5 readings from 500 to 900" in text


def test_one_lost_decimal_mark_is_no_thousandths():
    assert "mOD" not in str(refusal(READ | {"C3": 700}))


def test_many_readings_below_the_floor_are_one_kind():
    refused = refusal({well: -value - 1 for well, value in READ.items()})
    assert len(refused.problems) == 6 and "6 problems of 1 kind" in str(refused) and "6 readings from -1.9 to -1.045" in str(refused)
