"""Tidy results: what is taken is what the file says; what is wrong refuses the whole file and is named by cell."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.ingest.entries import told_unread
from runs.ingest.problems import RefusedFile
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.results import read_results
from world_model.terms.errors import ResultsError
from world_model.terms.goals import Measurement

OD = Measurement(name="OD600", unit="OD600", at_h=(0.0, 2.0), subtract_blank=True)
GFP = Measurement(name="GFP", unit="RFU", at_h=(0.0, 2.0))
WELLS = {"B2": "R01-001", "B3": "R01-002", "B4": "R01-003", "B5": "R01-004"}
ROLES = {"R01-001": "candidate", "R01-002": "control", "R01-003": "blank", "R01-004": "blank"}
PLAN = ReadingPlan(measurements=(OD, GFP), roles=ROLES, plates={"P1": WELLS})
HEADER = "plate,well,time_h,measurement,value,unit"
RAW = {("B2", 0): 0.151, ("B2", 2): 0.851, ("B3", 0): 0.152, ("B3", 2): 0.652, ("B4", 0): 0.09, ("B4", 2): 0.10, ("B5", 0): 0.11, ("B5", 2): 0.10}
LINES = [f"P1,{well},{time},OD600,{od},OD600" for (well, time), od in RAW.items()] + [
    f"P1,{well},{time},GFP,{1000 * od:g},RFU" for (well, time), od in RAW.items()
]


def text(*lines, header=HEADER):
    return ("\n".join([header, *lines]) + "\n").encode()


def refused(data, *, plan=PLAN, **asked):
    with pytest.raises(ResultsError) as caught:
        read_results(data, plan=plan, **asked)
    assert isinstance(caught.value, RefusedFile)
    return caught.value.problems


def edited(i, old, new):
    assert old in LINES[i]
    return text(*LINES[:i], LINES[i].replace(old, new, 1), *LINES[i + 1 :])


def test_a_clean_file_is_taken_whole_and_blanks_are_subtracted():
    data = text(*LINES)
    result = read_results(data, plan=PLAN, name="run1.csv")
    assert result.sha256 == hashlib.sha256(data).hexdigest()
    assert len(result.readings) == 16
    got = {(one.well, one.variable, one.at_h): (one.raw, one.value) for one in result.readings}
    # by hand: the mean blank is (0.09 + 0.11) / 2 = 0.10 at 0 h and 0.10 at 2 h; GFP is left as read
    assert got["B2", "OD600", 0.0] == (0.151, pytest.approx(0.051))
    assert got["B2", "OD600", 2.0] == (0.851, pytest.approx(0.751))
    assert got["B4", "OD600", 0.0] == (0.09, pytest.approx(-0.01))
    assert got["B2", "GFP", 2.0] == (851.0, 851.0)
    assert {one.experiment_id for one in result.readings if one.well == "B3"} == {"R01-002"}
    assert result.unread == () and result.missing == () and result.failed == {}


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rng):
    lines = list(LINES)
    rng.shuffle(lines)
    shuffled = read_results(text(*lines), plan=PLAN)
    assert [one.model_copy(update={"source": ""}) for one in shuffled.readings] == [
        one.model_copy(update={"source": ""}) for one in read_results(text(*LINES), plan=PLAN).readings
    ]


@pytest.mark.parametrize(
    ("i", "old", "new", "row", "column", "expected", "found"),
    [
        (0, "0.151", "abc", 2, "value", "a number", "'abc'"),
        (0, "0.151", "0.15.1", 2, "value", "a number", "'0.15.1'"),
        (0, "0.151", "nan", 2, "value", "a number", "'nan'"),
        (0, "0.151", "1e999", 2, "value", "a number", "beyond every finite number"),
        (0, "0.151", "inf", 2, "value", "a number", "'inf'"),
        (0, "0.151", "1_0", 2, "value", "a number", "'1_0'"),
        (0, "0.151", "-3", 2, "value", "OD600 of at least -0.05 in well B2", "-3"),
        (1, "0.851", "0.01", 3, "value", "OD600 of at least -0.05 in well B2", "-0.09 after the blank of 0.1"),
        (0, "P1", "P2", 2, "plate", "a plate of this round", "'P2'"),
        (0, "B2", "Z9", 2, "well", "a well from A1 to H12", "'Z9'"),
        (0, "B2", "B13", 2, "well", "a well from A1 to H12", "'B13'"),
        (0, "B2", "2-Feb", 2, "well", "a well from A1 to H12", "'2-Feb'"),
        (2, "B3,0", "B2,0", 4, "value", "well B2 once for OD600 at 0 h", "first in row 2"),
        (0, "0.151,OD600", "0.151,mM", 2, "unit", "OD600", "'mM'"),
        (8, "RFU", "AU", 10, "unit", "RFU", "'AU'"),
        (8, "RFU", "", 10, "unit", "RFU", "an empty cell"),
        (8, "GFP", "GPF", 10, "measurement", "a measurement of the campaign", "'GPF'"),
        (0, "B2,0,", "B2,0.5,", 2, "time_h", "0, 2 h", "0.5 h"),
        (0, "B2,0,", "B2,x,", 2, "time_h", "a time", "'x'"),
        (0, "B2,0,", "B2,,", 2, "time_h", "one of the planned times", "none"),
        (0, ",OD600,0.151,OD600", "", 2, "", "6 cells", "3"),
        (0, "0.151", "0,151", 2, "", "6 cells", "7"),
    ],
)
def test_one_bad_cell_refuses_the_file_and_is_named(i, old, new, row, column, expected, found):
    data = edited(i, old, new)
    problems = [problem for problem in refused(data) if problem.row == row]
    assert problems, refused(data)
    assert problems[0].column == column
    assert expected in problems[0].expected
    assert found in problems[0].found


def test_every_bad_cell_is_named_not_only_the_first():
    lines = [LINES[0].replace("0.151", "x"), LINES[1].replace("P1", "P9"), LINES[2].replace("B3", "Q1"), LINES[3].replace("0.652", "-3"), *LINES[4:]]
    rows = {problem.row for problem in refused(text(*lines)) if problem.row is not None}
    assert rows == {2, 3, 4, 5}


def test_the_message_says_that_nothing_is_taken_and_names_the_row():
    with pytest.raises(ResultsError, match=r"nothing of the file is taken.*\n.*row 2, column value: expected a number") as caught:
        read_results(edited(0, "0.151", "abc"), plan=PLAN, name="run.csv")
    assert str(caught.value).startswith("run.csv: ")


@pytest.mark.parametrize("mark", ["OVRFLW", "OVER", "Overflow", "#SAT", ">4.0", "> 4,0", "*****"])
def test_overflow_marks_are_above_limit(mark):
    line = LINES[1].replace("0.851", f'"{mark}"')
    one = next(one for one in read_results(text(LINES[0], line, *LINES[2:]), plan=PLAN).readings if (one.well, one.variable, one.at_h) == ("B2", "OD600", 2.0))
    assert (one.flag, one.value, one.raw) == ("above limit", None, None)


@pytest.mark.parametrize("mark", ["UNDER", "<0.01"])
def test_low_marks_are_below_limit(mark):
    one = next(one for one in read_results(edited(0, "0.151", mark), plan=PLAN).readings if one.source.endswith(":2"))
    assert (one.flag, one.value) == ("below limit", None)


def test_a_lost_well_is_failed_and_listed():
    lines = [line.replace(line.split(",")[4], "LOST") if ",B2," in line else line for line in LINES]
    result = read_results(text(*lines), plan=PLAN)
    assert result.failed == {"R01-001": "marked LOST in the file"}
    assert {(one.flag, one.value) for one in result.readings if one.well == "B2"} == {("failed", None)}
    assert {one.flag for one in result.readings if one.well != "B2"} == {"ok"}


def test_values_within_noise_below_zero_are_kept():
    result = read_results(edited(0, "0.151", "0.06"), plan=PLAN)
    assert next(one.value for one in result.readings if one.source.endswith(":2")) == pytest.approx(0.06 - 0.10)


@pytest.mark.parametrize(("value", "ok"), [("0.0501", True), ("0.0499", False)])
def test_the_floor_is_the_blanked_value_of_minus_005(value, ok):
    """Mean blank 0.10: a raw 0.05 is exactly -0.05."""
    if ok:
        read_results(edited(0, "0.151", value), plan=PLAN)
    else:
        assert refused(edited(0, "0.151", value))[0].row == 2


def test_wells_that_the_plan_leaves_empty_are_listed_as_unread():
    result = read_results(text(*LINES, "P1,A1,0,OD600,0.04,OD600", "P1,A1,2,OD600,what,OD600"), plan=PLAN)
    assert [(cell.row, cell.text) for cell in result.unread] == [(18, "0.04"), (19, "what")]
    assert told_unread(result.unread) == ["2 cells unread (rows 18-19): the plan leaves well A1 empty"]


def test_a_column_that_nobody_expects_is_listed_as_unread():
    result = read_results(text(*(line + ",note" for line in LINES), header=HEADER + ",comment"), plan=PLAN)
    assert len(result.readings) == 16
    assert {(cell.column, cell.text) for cell in result.unread} == {("comment", "note")}
    assert len(result.unread) == 16


def test_a_missing_well_is_refused_unless_declared():
    data = text(*(line for line in LINES if ",B2," not in line))
    problems = refused(data)
    assert {(problem.row, problem.column) for problem in problems} == {(None, "well B2")}
    assert "--failed" in problems[0].mend
    declared = read_results(data, plan=PLAN, failed={"B2": "bubble"})
    assert declared.failed == {"R01-001": "bubble"}
    assert {(one.flag, one.value, one.raw) for one in declared.readings if one.well == "B2"} == {("failed", None, None)}
    part = read_results(data, plan=PLAN, partial=True)
    assert {(gap.well, gap.measurement, gap.at_h) for gap in part.missing} == {("B2", name, time) for name in ("OD600", "GFP") for time in (0.0, 2.0)}
    assert {one.well for one in part.readings} == {"B3", "B4", "B5"}


def test_a_missing_time_is_refused_and_named():
    problems = refused(text(*(line for line in LINES if line != LINES[1])))
    assert [(problem.column, problem.expected) for problem in problems] == [("well B2", "a reading of OD600 at 2 h")]


def test_an_empty_value_is_a_missing_reading_with_its_row():
    [problem] = refused(edited(0, "0.151", ""))
    assert (problem.row, problem.found) == (2, "an empty cell")


def test_a_failed_blank_does_not_count():
    result = read_results(text(*LINES), plan=PLAN, failed={"B5": "drop on the lid"})
    assert [(blank.at_h, blank.mean, blank.wells) for blank in result.blanks] == [(0.0, 0.09, 1), (2.0, 0.10, 1)]
    assert next(one.raw for one in result.readings if one.well == "B5") == 0.11


def test_no_usable_blank_is_refused():
    problems = refused(text(*LINES), failed={"B4": "x", "B5": "y"})
    assert any("a readable blank of OD600 at 0 h on plate P1" in problem.expected for problem in problems)


@pytest.mark.parametrize("key", ["H7", "B22", "R01-009", "P2:B2"])
def test_failed_names_a_well_of_the_plan(key):
    [problem] = refused(text(*LINES), failed={key: "bubble"})
    assert problem.column == "failed" and repr(key) in problem.found


@pytest.mark.parametrize("key", ["B2", "b2", "P1:B2", "R01-001"])
def test_failed_may_name_well_plate_and_well_or_experiment(key):
    assert read_results(text(*LINES), plan=PLAN, failed={key: "bubble"}).failed == {"R01-001": "bubble"}


def test_the_readers_clock_gets_its_offset():
    late = [line.replace(",0,", ",-1,").replace(",2,", ",1.02,") for line in LINES]
    shifted = read_results(text(*late), plan=PLAN, offset_h=1.0)
    assert [one.at_h for one in shifted.readings] == [one.at_h for one in read_results(text(*LINES), plan=PLAN).readings]
    assert {problem.column for problem in refused(text(*late))} == {"time_h"}


@pytest.mark.parametrize(("title", "factor"), [("time_min", 60), ("time_s", 3600)])
def test_minutes_and_seconds_are_told_by_the_columns_name(title, factor):
    lines = [",".join([*cells[:2], str(int(cells[2]) * factor), *cells[3:]]) for cells in (line.split(",") for line in LINES)]
    result = read_results(text(*lines, header=HEADER.replace("time_h", title)), plan=PLAN)
    assert {one.at_h for one in result.readings} == {0.0, 2.0}


def test_a_unit_of_the_same_dimension_is_converted_and_noted():
    plan = ReadingPlan(measurements=(Measurement(name="glucose", unit="mM"),), roles={"R01-001": "candidate"})
    result = read_results(b"experiment_id,measurement,value,unit\nR01-001,glucose,2500,\xc2\xb5M\n", plan=plan)
    assert result.readings[0].raw == pytest.approx(2.5)
    assert result.notes == ("glucose: converted from µM to mM (x 0.001).",)


def test_a_file_without_units_is_noted():
    result = read_results(text(*(line.rsplit(",", 1)[0] for line in LINES), header=HEADER.rsplit(",", 1)[0]), plan=PLAN)
    assert "OD600: the file names no unit; read as OD600." in result.notes


def wide(separator=",", decimal="."):
    rows = [separator.join(["plate", "well", "time_h", "OD600", "GFP [RFU]"])]
    rows += [separator.join(["P1", well, str(time), str(od).replace(".", decimal), f"{1000 * od:g}"]) for (well, time), od in RAW.items()]
    return "\r\n".join(rows)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (wide(), "utf-8"), (wide(), "utf-8-sig"), (wide(), "utf-16"), (wide(";"), "utf-8"), (wide("\t"), "utf-8"),
        (wide(";", ","), "utf-8"), (wide("\t", ","), "cp1252"),
    ],
)  # fmt: skip
def test_wide_files_encodings_separators_and_decimal_commas_read_the_same(content, encoding):
    reference = read_results(text(*LINES), plan=PLAN)
    result = read_results(content.encode(encoding), plan=PLAN)
    assert [(one.well, one.variable, one.at_h, one.raw, one.value) for one in result.readings] == [
        (one.well, one.variable, one.at_h, one.raw, one.value) for one in reference.readings
    ]


def test_points_and_commas_in_one_file_are_refused():
    content = wide(";", ",").replace("0,151", "0.151")
    assert {problem.found for problem in refused(content.encode())} >= {"'0,851'"}


def test_a_micro_sign_of_an_old_reader_is_read():
    plan = ReadingPlan(measurements=(Measurement(name="glucose", unit="µM"),), roles={"R01-001": "candidate"})
    result = read_results("experiment_id;measurement;value;unit\nR01-001;glucose;2,5;µM\n".encode("latin-1"), plan=plan)
    assert (result.readings[0].value, result.encoding) == (2.5, "cp1252")


def test_files_by_experiment_need_no_plate():
    plan = ReadingPlan(measurements=(Measurement(name="yield", unit="%"),), roles={"R01-001": "candidate", "R01-002": "candidate"})
    good = b"experiment_id,measurement,value,unit\nR01-002,yield,7,%\nR01-001,yield,0,%\n"
    assert [(one.experiment_id, one.value, one.at_h) for one in read_results(good, plan=plan).readings] == [("R01-001", 0.0, None), ("R01-002", 7.0, None)]
    assert refused(good.replace(b"R01-002", b"R01-003"), plan=plan)[0].found == "'R01-003'"
    assert any("once for yield" in problem.expected for problem in refused(good.replace(b"R01-002", b"R01-001"), plan=plan))
    assert [problem.column for problem in refused(good.split(b"R01-001")[0], plan=plan)] == ["experiment R01-001"]


def test_well_and_experiment_must_agree():
    lines = [f"{line},{WELLS[line.split(',')[1]]}" for line in LINES]
    header = HEADER + ",experiment_id"
    assert len(read_results(text(*lines, header=header), plan=PLAN).readings) == 16
    lines[0] = lines[0].replace("R01-001", "R01-002")
    assert refused(text(*lines, header=header))[0].expected == "'R01-001', which stands in well B2"


def test_a_file_that_does_not_name_its_plate_needs_it_said():
    lines = [line.removeprefix("P1,") for line in LINES]
    header = HEADER.removeprefix("plate,")
    assert {problem.column for problem in refused(text(*lines, header=header))} == {"plate"}
    assert read_results(text(*lines, header=header), plan=PLAN, plate="P1").plates == ("P1",)
    assert {problem.column for problem in refused(text(*LINES), plate="P2")} == {"plate"}


def test_only_the_plates_in_the_file_are_missed():
    two = ReadingPlan(measurements=(OD, GFP), roles={**ROLES, "R01-005": "candidate"}, plates={"P1": WELLS, "P2": {"B2": "R01-005"}})
    assert read_results(text(*LINES), plan=two).plates == ("P1",)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "a results file"), (b"\n \n", "a results file"), (b"a,b\n1,2\n", "a header"), (text(), "rows below the header"),
        (b"plate,well,value\nP1,B2,3\n", "a column 'measurement'"), (b"plate,well,OD\nP1,B2,3\n", "the columns 'measurement' and 'value'"),
        (b"plate,well,well,OD600\nP1,B2,B2,3\n", "each column once"), (text(*LINES).replace(b"B3", b"B\x00"), "text"),
        (text(*LINES).replace(b"B3", b'"B3'), "a table"),
    ],
)  # fmt: skip
def test_what_is_no_results_file_is_said(data, expected):
    assert any(expected in problem.expected for problem in refused(data))


def test_a_decimal_comma_among_commas_never_moves_values_into_the_next_column():
    """With an empty last column the row would still look whole: OD 0, GFP 151."""
    rows = ["plate,well,time_h,OD600,GFP,note"] + [f"P1,{well},{time},{od},{1000 * od:g}," for (well, time), od in RAW.items()]
    assert len(read_results("\n".join(rows).encode(), plan=PLAN).readings) == 16
    rows[1] = rows[1].replace("0.151", "0,151")
    assert [(problem.row, problem.found) for problem in refused("\n".join(rows).encode())] == [(2, "7")]


def test_an_absent_file_is_said(tmp_path):
    assert "none at" in refused(tmp_path / "no.csv")[0].found


@settings(deadline=None)  # the first unit that is cut loads the registry of units
@given(st.integers(0, len(text(*LINES)) - 2))
def test_a_file_cut_anywhere_is_refused(length):
    """Cut before the last unit is whole: rows are lost, or the last one is incomplete."""
    refused(text(*LINES)[:length])


@given(st.integers(0, 15), st.integers(0, 15))
def test_a_row_twice_is_refused(i, j):
    lines = list(LINES)
    lines.insert(j, LINES[i])
    assert any("once for" in problem.expected for problem in refused(text(*lines)))


@given(st.integers(0, 15), st.sampled_from([0, 1, 2, 3, 4, 5]), st.sampled_from(["?", "x y", "P0", "1.2.3", "--", "µ"]))
def test_text_put_into_any_cell_is_refused(i, column, junk):
    cells = LINES[i].split(",")
    cells[column] = junk
    assert any(problem.row == i + 2 for problem in refused(text(*LINES[:i], ",".join(cells), *LINES[i + 1 :])))


def test_two_good_wells_named_for_each_other_are_taken_as_the_file_says():
    """What no reader can find: it is said openly, not hidden."""
    swapped = [line.replace(",B2,", ",#,").replace(",B3,", ",B2,").replace(",#,", ",B3,") for line in LINES]
    assert len(read_results(text(*swapped), plan=PLAN).readings) == 16
