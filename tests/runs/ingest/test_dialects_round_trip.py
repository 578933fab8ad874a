"""What is written in any dialect is read to the same numbers, and what is damaged is refused."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.bench.plate_damage import DESTROYED, HARMLESS
from runs.bench.plate_files import OWN, WORKBOOKS, encoded, random_file, text_bytes, workbook_bytes
from runs.ingest.problems import RefusedFile
from runs.ingest.results import read_results
from runs.ingest.workbook import cell_text

EVERY = (*OWN, *WORKBOOKS)


def read(file, data):
    result = read_results(data, plan=file.plan, name=file.name, plate=next(iter(file.plan.plates)))
    return {(one.well, one.at_h, one.variable): one.raw for one in result.readings}


@pytest.mark.parametrize("dialect", EVERY, ids=" ".join)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9))
def test_a_good_file_reads_back_to_its_numbers(dialect, seed):
    file = random_file(seed, dialects=(dialect,))
    assert read(file, encoded(file)) == file.truth


@settings(max_examples=25, deadline=None)
@given(value=st.floats(0.01, 90, allow_nan=False), seed=st.integers(0, 50), dialect=st.sampled_from(EVERY))
def test_any_number_a_reader_may_write_comes_back_to_the_last_digit(value, seed, dialect):
    # fifteen digits are what a workbook's writer keeps of a number
    value = float(f"{value:.15g}")
    file = random_file(seed, dialects=(dialect,))
    place = next(place for place in file.grid.values if file.grid.values[place][2] == "OD600")
    well, at_h, name = file.grid.values[place]
    file.grid.cells[place[0]][place[1]] = repr(value)
    role = file.plan.roles[file.plan.plates[next(iter(file.plan.plates))][well]]
    # a high blank would take the cultures below the floor, which is refused for that reason
    if role != "blank" and "e" not in repr(value):
        assert read(file, encoded(file))[well, at_h, name] == value


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**12), 10**12))
def test_a_workbook_s_number_as_text_is_the_same_number(value):
    assert float(cell_text(value)) == value


@pytest.mark.parametrize("name", DESTROYED)
def test_destroyed_files_are_refused_and_never_crash(name):
    fitting = 0
    for seed in range(400):
        file = random_file(seed, dialects=EVERY)
        data = DESTROYED[name](file, random.Random(seed))
        if data is None or (file.container == "text" and data == encoded(file)):
            continue
        fitting += 1
        try:
            # accepted only where the damage left every reading as it was
            assert read(file, data) == file.truth, (name, file.dialect, file.container, seed)
        except RefusedFile as fault:
            assert fault.problems and all(problem.expected and problem.found for problem in fault.problems)
        if fitting == 8:
            break
    assert fitting == 8


@pytest.mark.parametrize("name", HARMLESS)
def test_a_file_written_another_way_never_reads_to_other_numbers(name):
    same = 0
    for seed in range(60):
        file = random_file(seed, dialects=OWN)
        data = HARMLESS[name](file, random.Random(seed))
        if data is None:
            continue
        try:
            assert read(file, data) == file.truth
            same += 1
        except RefusedFile:
            assert name in ("lines on top", "Latin-1 with µ and °")
        if same == 6:
            break
    assert same


def test_a_file_of_wells_that_the_plan_leaves_empty_is_refused():
    file = random_file(1, dialects=(("tidy", "text"),))
    spare = iter(f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 13) if f"{row}{column}" not in next(iter(file.plan.plates.values())))
    names: dict[str, str] = {}
    for (row, column), well in file.grid.wells.items():
        file.grid.cells[row][column] = names.setdefault(well, names.get(well) or next(spare))
    with pytest.raises(RefusedFile, match="readings of planned wells"):
        read(file, text_bytes(file.grid))


def test_semicolons_in_a_workbook_change_nothing():
    file = random_file(3, dialects=(("tidy", "xlsx"),))
    assert read(file, workbook_bytes(file.grid)) == read(file, text_bytes(file.grid, separator=";"))
