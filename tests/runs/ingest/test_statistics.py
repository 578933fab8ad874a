"""Replicates, Z′, path length and orientation against formulas and hand computations."""

import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.ingest.orientation import judge_orientation
from runs.ingest.path_length import path_length_cm
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.replicates import replicate_set, robust_z, told_sets
from runs.ingest.results import read_results
from runs.ingest.z_factor import assay_quality
from world_model.terms.errors import ResultsError
from world_model.terms.goals import Measurement
from world_model.terms.plates import FORMATS


def test_replicates_by_hand():
    one = replicate_set({"A1": 1.0, "A2": 1.1, "A3": 1.2, "A4": 4.0}, name="x", measurement="OD600")
    # mean 7.3 / 4; median 1.15; deviations 0.15, 0.05, 0.05, 2.85: MAD 0.1, so A4 lies 0.6745 · 2.85 / 0.1 away
    assert (one.n, one.mean) == (4, pytest.approx(1.825))
    assert one.sd == pytest.approx(stdev([1.0, 1.1, 1.2, 4.0])) and one.cv == pytest.approx(one.sd / 1.825)
    assert [(far.well, far.robust_z) for far in one.outliers] == [("A4", pytest.approx(0.6745 * 2.85 / 0.1))]
    assert told_sets([one])[0].startswith("A4 reads 4 OD600") and told_sets([one])[0].endswith("It is kept.")


def test_two_wells_accuse_nobody_and_noise_bounds_the_scale():
    assert robust_z({"A1": 1.0, "A2": 9.0}) == {}
    assert robust_z({"A1": 1.0, "A2": 1.0, "A3": 1.0}) == {}
    values = {"A1": 1.0, "A2": 1.0, "A3": 1.0, "A4": 1.0, "A5": 1.0, "A6": 1.001}
    assert replicate_set(values, name="x", measurement="OD").outliers != ()
    assert replicate_set(values, name="x", measurement="OD", noise=0.002).outliers == ()


@given(st.lists(st.integers(-100, 100), min_size=3, max_size=12), st.floats(0.1, 10), st.floats(-50, 50))
def test_a_robust_z_does_not_depend_on_the_unit(values, scale, shift):
    wells = {f"A{i}": value for i, value in enumerate(values)}
    before, after = robust_z(wells), robust_z({well: scale * value + shift for well, value in wells.items()})
    assert {well for well, z in before.items() if abs(z) > 4} <= {well for well, z in after.items() if abs(z) > 3.9}


def test_z_prime_is_zhang_s():
    # means 10 and 2, sds 1 and 0.5: Z′ = 1 − 3 · 1.5 / 8 = 0.4375; signal window (8 − 4.5) / 1 = 3.5
    half = 0.5**0.5
    quality = assay_quality([10 - half, 10 + half], [2 - half / 2, 2 + half / 2])
    assert quality.z_prime == pytest.approx(0.4375) and quality.signal_window == pytest.approx(3.5) and quality.signal_to_background == pytest.approx(5)


def test_z_prime_limits():
    assert assay_quality([5, 5], [1, 1]).z_prime == 1 and assay_quality([5, 5], [1, 1]).signal_window is None
    with pytest.raises(ResultsError, match="at least two positive"):
        assay_quality([5], [1, 1])
    with pytest.raises(ResultsError, match="not defined"):
        assay_quality([5, 5], [5, 5])


def test_path_of_200_ul_in_a_well_of_6_4_mm():
    # 200 mm³ / (π · 3.2² mm²) = 6.217 mm
    assert path_length_cm(200, 6.4) == pytest.approx(0.6217, abs=1e-4)
    for volume, diameter in ((0, 6), (200, 0), (200_000, 6)):
        with pytest.raises(ResultsError):
            path_length_cm(volume, diameter)


def test_a_path_is_divided_by_after_the_blank():
    od = Measurement(name="OD600", unit="OD600", subtract_blank=True, path_length_cm=0.5)
    plan = ReadingPlan(measurements=(od,), roles={"a": "candidate", "b": "blank"}, plates={"P": {"A1": "a", "A2": "b"}})
    result = read_results(b"plate,well,measurement,value,unit\nP,A1,OD600,0.3,OD600\nP,A2,OD600,0.1,OD600\n", plan=plan)
    assert [(one.raw, one.value) for one in result.readings] == [(0.3, pytest.approx(0.4)), (0.1, 0.0)]
    assert any("divided by a path of 0.5 cm" in note for note in result.notes)
    with pytest.raises(ValueError, match="subtract_blank = true"):
        Measurement(name="OD600", unit="OD600", path_length_cm=0.5)
    with pytest.raises(ValueError, match="on an absorbance"):
        Measurement(name="GFP", unit="RFU", subtract_blank=True, path_length_cm=0.5)


def plate(seed, *, blanks=4, wells=40):
    """A rectangle of wells: some blanks, the rest in pairs that agree."""
    chance = random.Random(seed)
    names = [f"{row}{column}" for row in "BCDEF" for column in range(2, 10)][:wells]
    chance.shuffle(names)
    roles = {well: "blank" if i < blanks else "candidate" for i, well in enumerate(names)}
    sets = {well: "blank" if i < blanks else f"s{(i - blanks) // 2}" for i, well in enumerate(names)}
    level = {name: chance.uniform(0.3, 1.5) for name in set(sets.values())}
    return roles, sets, {well: (0.05 if roles[well] == "blank" else level[sets[well]]) + chance.gauss(0, 0.005) for well in names}


def turned(values):
    return {f"{chr(65 + 7 - (ord(well[0]) - 65))}{13 - int(well[1:])}": value for well, value in values.items()}


@pytest.mark.parametrize("seed", range(30))
def test_a_plate_that_lies_right_is_never_accused(seed):
    roles, sets, values = plate(seed)
    assert judge_orientation(values, roles, sets, FORMATS[96]) is None


@pytest.mark.parametrize("seed", range(10))
def test_a_plate_read_the_other_way_round_is_refused(seed):
    roles, sets, values = plate(seed)
    full = {f"{row}{column}": 0.04 for row in "ABCDEFGH" for column in range(1, 13)} | values
    finding = judge_orientation(turned(full), roles, sets, FORMATS[96])
    assert finding is not None and finding.strong and "turned by 180°" in finding.found


@pytest.mark.parametrize("seed", range(10))
def test_values_dealt_at_random_warn_and_do_not_refuse(seed):
    roles, sets, values = plate(seed)
    dealt = list(values.values())
    random.Random(seed).shuffle(dealt)
    finding = judge_orientation(dict(zip(values, dealt, strict=True)), roles, sets, FORMATS[96])
    assert finding is not None and not finding.strong


def test_without_blanks_and_replicates_nothing_is_said():
    _, _, values = plate(0)
    assert judge_orientation(turned(values), dict.fromkeys(values, "candidate"), {}, FORMATS[96]) is None


def test_statistics_come_with_the_results_and_nothing_is_dropped():
    od = Measurement(name="OD600", unit="OD600")
    wells = {f"A{i}": f"e{i}" for i in range(1, 6)}
    plan = ReadingPlan(measurements=(od,), roles=dict.fromkeys(wells.values(), "candidate"), plates={"P": wells}, sets=dict.fromkeys(wells.values(), "e1"))
    values = [1.0, 1.01, 0.99, 1.02, 3.0]
    text = "plate,well,measurement,value,unit\n" + "".join(f"P,A{i + 1},OD600,{value},OD600\n" for i, value in enumerate(values))
    result = read_results(text.encode(), plan=plan)
    assert [one.value for one in result.readings] == values
    assert result.sets[0].mean == pytest.approx(fmean(values)) and [far.well for far in result.sets[0].outliers] == ["A5"]
    assert any(note.startswith("A5 reads 3 OD600") for note in result.notes)


def test_absorbance_in_thousandths_is_refused():
    od = Measurement(name="OD600", unit="OD600")
    plan = ReadingPlan(measurements=(od,), roles={"a": "candidate"}, plates={"P": {"A1": "a"}})
    with pytest.raises(ResultsError, match="at most 100 in well A1, found 251"):
        read_results(b"plate,well,measurement,value,unit\nP,A1,OD600,251,OD600\n", plan=plan)
