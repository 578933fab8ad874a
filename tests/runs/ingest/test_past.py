"""Past results: rows of settings and readings, each inside the campaign's space or named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.ingest.past import read_past
from runs.ingest.problems import RefusedFile
from world_model.terms.constraints import Linear
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.goals import Measurement
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(
    factors=(
        Continuous(name="glucose", unit="mM", low=2, high=60), Discrete(name="hours", unit="h", values=(0, 2, 4), acts="set"),
        Categorical(name="strain", levels=("K-12", "BL21")),
    ),
    constraints=(Linear(terms={"glucose": 1, "hours": 10}, at_most=80),),
)  # fmt: skip
YIELD = Measurement(name="yield", unit="%")
OD = Measurement(name="OD600", unit="OD600", at_h=(0.0, 2.0))
WIDE = "glucose,hours,strain,yield\n10,2,K-12,5.5\n20,0,BL21,OVRFLW\n10,2,K-12,6\n"


def read(text, measurements=(YIELD,), **asked):
    return read_past(text.encode(), space=SPACE, measurements=measurements, **asked)


def refused(text, measurements=(YIELD,), **asked):
    with pytest.raises(RefusedFile) as caught:
        read(text, measurements, **asked)
    return [(problem.row, problem.column, problem.expected, problem.found) for problem in caught.value.problems]


def test_a_row_is_an_experiment_and_replicates_stay_apart():
    past = read(WIDE)
    assert [one.settings for one in past.experiments] == [
        {"glucose": 10.0, "hours": 2.0, "strain": "K-12"}, {"glucose": 20.0, "hours": 0.0, "strain": "BL21"}, {"glucose": 10.0, "hours": 2.0, "strain": "K-12"},
    ]  # fmt: skip
    assert [(one.readings[0].value, one.readings[0].flag) for one in past.experiments] == [(5.5, "ok"), (None, "above limit"), (6.0, "ok")]
    assert len({one.id for one in past.experiments}) == 3
    assert [one.id for one in read(WIDE).experiments] == [one.id for one in past.experiments]
    assert all(reading.experiment_id == one.id for one in past.experiments for reading in one.readings)


def test_rows_at_several_times_are_one_experiment():
    text = "glucose,hours,strain,time_h,OD600,yield\n10,2,K-12,0,0.05,\n10,2,K-12,2,0.4,7\n20,2,K-12,0,0.05,\n20,2,K-12,2,0.9,8\n"
    past = read(text, (YIELD, OD))
    assert [[(r.variable, r.at_h, r.value) for r in one.readings] for one in past.experiments] == [
        [("OD600", 0.0, 0.05), ("OD600", 2.0, 0.4), ("yield", None, 7.0)], [("OD600", 0.0, 0.05), ("OD600", 2.0, 0.9), ("yield", None, 8.0)],
    ]  # fmt: skip


def test_replicates_over_time_are_told_by_their_name():
    rows = ["10,2,K-12,0,0.05", "10,2,K-12,2,0.4", "10,2,K-12,0,0.06", "10,2,K-12,2,0.5"]
    header = "glucose,hours,strain,time_h,OD600"
    assert {column for _, column, _, _ in refused("\n".join([header, *rows]), (OD,))} == {"OD600"}
    named = "\n".join([header + ",experiment_id", *(f"{row},{name}" for row, name in zip(rows, "aabb", strict=True))])
    past = read(named, (OD,))
    assert [(one.label, [r.value for r in one.readings]) for one in past.experiments] == [("a", [0.05, 0.4]), ("b", [0.06, 0.5])]


def test_long_rows_say_the_same_as_wide_ones():
    long = "glucose,hours,strain,measurement,value,unit,time_h\n10,2,K-12,OD600,0.05,OD600,0\n10,2,K-12,OD600,0.4,OD600,2\n10,2,K-12,yield,7,%,\n"
    [one] = read(long, (YIELD, OD)).experiments
    assert [(r.variable, r.at_h, r.value) for r in one.readings] == [("OD600", 0.0, 0.05), ("OD600", 2.0, 0.4), ("yield", None, 7.0)]


def test_a_unit_in_a_title_is_converted():
    assert read(WIDE.replace("glucose", "glucose [µM]").replace("\n10,", "\n10000,").replace("\n20,", "\n20000,")).experiments[0].settings["glucose"] == pytest.approx(10)
    assert refused(WIDE.replace("glucose", "glucose [°C]"))[0][2:] == ("mM", "'°C'")


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "expected", "found"),
    [
        ("10,2,K-12,5.5", "x,2,K-12,5.5", 2, "glucose", "a number", "'x'"),
        ("10,2,K-12,5.5", ",2,K-12,5.5", 2, "glucose", "a value for each factor", "an empty cell"),
        ("10,2,K-12,5.5", "10,2,K-13,5.5", 2, "strain", "one of 2 levels", "'K-13'"),
        ("10,2,K-12,5.5", "100,2,K-12,5.5", 2, "", "settings of the campaign's space", "glucose: expected 2 to 60 mM, found 100"),
        ("10,2,K-12,5.5", "10,3,K-12,5.5", 2, "", "settings of the campaign's space", "hours: expected one of 0, 2, 4, found 3"),
        ("10,2,K-12,5.5", "50,4,K-12,5.5", 2, "", "settings of the campaign's space", "breaks glucose + 10·hours ≤ 80"),
        ("10,2,K-12,5.5", "10,2,K-12,many", 2, "yield", "a number, or a mark", "'many'"),
        ("10,2,K-12,5.5", "10,2,K-12,", 2, "", "at least one reading", "none"),
        ("10,2,K-12,5.5", "10,2,K-12", 2, "", "4 cells", "3"),
        ("glucose", "glucse", 1, "glucose", "a column for the factor 'glucose'", "none"),
        ("strain,yield", "strain,yeld", 1, "", "a column 'yield'", "none"),
        ("hours,strain", "hours,hours", 1, "hours", "each column once", "'hours' again"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(old, new, row, column, expected, found):
    problems = refused(WIDE.replace(old, new))
    assert any(problem[0] == row and problem[1] == column and expected in problem[2] and found in problem[3] for problem in problems), problems


def test_outside_the_space_is_taken_and_marked_when_asked():
    past = read(WIDE.replace("10,2,K-12,5.5", "100,2,K-12,5.5"), allow_outside=True)
    assert past.experiments[0].outside == ("glucose: expected 2 to 60 mM, found 100",)
    assert past.experiments[1].outside == ()
    assert refused(WIDE.replace("10,2,K-12,5.5", "10,2,K-13,5.5"), allow_outside=True)[0][1] == "strain"


def test_below_the_floor_and_at_a_strange_time_are_refused():
    header = "glucose,hours,strain,time_h,OD600\n"
    assert refused(header + "10,2,K-12,0,-3\n", (OD,))[0][2:] == ("OD600 of at least -0.05", "-3")
    assert refused(header + "10,2,K-12,1,0.3\n", (OD,))[0][2:] == ("one of the campaign's times for OD600: 0, 2 h", "1 h")


def test_one_name_with_two_settings_is_refused():
    text = "experiment_id,glucose,hours,strain,yield\na,10,2,K-12,5\na,11,2,K-12,5\n"
    assert (3, "glucose", "the settings of 'a' as in row 2", "others") in refused(text)


def test_another_column_is_unread():
    past = read(WIDE.replace("yield", "yield,operator", 1).replace("5.5\n", "5.5,me\n").replace("OVRFLW\n", "OVRFLW,\n").replace(",6\n", ",6,you\n"))
    assert [(cell.row, cell.column, cell.text) for cell in past.unread] == [(2, "operator", "me"), (4, "operator", "you")]


numbers = st.floats(2, 60, allow_nan=False).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(numbers, st.sampled_from([0, 2]), st.sampled_from(["K-12", "BL21"]), st.floats(0, 100).map(lambda v: round(v, 2))), min_size=1, max_size=6))
def test_what_was_written_is_read_back(rows):
    past = read("glucose;hours;strain;yield\n" + "".join(f"{g};{h};{s};{y}\n".replace(".", ",") for g, h, s, y in rows))
    assert [(*one.settings.values(), one.readings[0].value) for one in past.experiments] == [(g, float(h), s, y) for g, h, s, y in rows]
