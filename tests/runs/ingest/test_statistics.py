"""Replicates, Z′, path length and orientation against formulas and hand computations."""

import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.ingest.orientation import judge_orientation
from runs.ingest.outliers import outliers
from runs.ingest.path_length import path_length_cm
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.replicates import replicate_sets, to_digits_of, told_sets
from runs.ingest.results import read_results
from runs.ingest.z_factor import assay_quality
from world_model.terms.errors import ResultsError
from world_model.terms.goals import Measurement
from world_model.terms.plates import FORMATS


def test_replicates_by_hand():
    sets = {"x": {"A1": 1.0, "A2": 1.1, "A3": 1.2, "A4": 4.0}}
    sets |= {f"y{i}": {f"B{i}": 1.0, f"C{i}": 1.1, f"D{i}": 1.2} for i in range(1, 7)}
    one = replicate_sets(sets, measurement="OD600")[0]
    assert (one.n, one.mean) == (4, pytest.approx(7.3 / 4))
    assert one.sd == pytest.approx(stdev([1.0, 1.1, 1.2, 4.0])) and one.cv == pytest.approx(one.sd / 1.825)
    # of 16 distances from a median, 12 are 0.1 in sets that read 1.1: robust sd 0.1 / 0.6745 / 1.1 of the reading, here 1.15;
    # A4 lies 2.9 from the mean of three others
    (far,) = one.outliers
    assert far.well == "A4" and far.sds == pytest.approx(2.9 / (1.15 * 0.1 / 0.6745 / 1.1) / (1 + 1 / 3) ** 0.5)
    assert told_sets([one])[0] == f"A4 reads 4.0 OD600, far from its 4 replicates of x (mean 1.8, {far.sds:+.1f} sd from the others). It is kept."


def test_noise_bounds_the_scale_and_equal_readings_accuse_nobody():
    calm = {f"c{i}": {f"A{i}": 1.0, f"B{i}": 1.0 + 1e-4 * i, f"C{i}": 1.0 - 1e-4 * i} for i in range(1, 9)}
    far = calm | {"x": {"D1": 1.0, "D2": 1.0, "D3": 1.02}}
    assert {"D3"} == {one.well for one in outliers(far)["x"]}
    assert outliers(far, noise=0.01) == {}
    assert outliers({"x": {"A1": 1.0, "A2": 1.0, "A3": 1.0}}) == {} and outliers({"x": {"A1": 1.0}}) == {} == outliers({})


def test_a_mean_of_nil_reads_nil():
    assert to_digits_of(-4.737e-15, 0.0021) == "0.0000" and to_digits_of(0.04512, 0.0021) == "0.0451"
    assert to_digits_of(2651.3, 64.0) == "2651" and to_digits_of(2651.3, 640.0) == "2650" and to_digits_of(0.5, None) == "0.5"


def drawn(rng, *, n, sets, spread, relative):
    """Sets of n wells whose levels differ up to `spread`-fold; their sd is 3 % of the level, or 0.3 of level 10."""
    levels = [10 * spread ** rng.random() for _ in range(sets)]
    sds = [0.03 * level if relative else 0.3 for level in levels]
    return {f"s{i}": {f"s{i}w{k}": rng.gauss(level, sd) for k in range(n)} for i, (level, sd) in enumerate(zip(levels, sds, strict=True))}, sds


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_of_good_wells_fewer_than_one_in_a_thousand_are_named(n):
    rng, named, wells = random.Random(n), 0, 0
    for relative in (False, True):
        for sets, spread in ((1, 1), (4, 1), (16, 1), (16, 30)):
            for _ in range(3000 // (sets * n) + 1):
                good, _ = drawn(rng, n=n, sets=sets, spread=spread, relative=relative)
                named += sum(map(len, outliers(good).values()))
                wells += n * sets
    assert wells > 24_000 and named / wells < 1e-3


@pytest.mark.parametrize(("n", "at_least"), [(2, 0.5), (3, 0.9), (4, 0.99), (6, 0.99)])
def test_a_well_ten_sd_off_is_found_among_sixteen_sets(n, at_least):
    rng, found = random.Random(n), 0
    for _ in range(200):
        sets, sds = drawn(rng, n=n, sets=16, spread=1, relative=True)
        sets["s3"]["s3w1"] += 10 * sds[3]
        found += "s3w1" in {one.well for one in outliers(sets).get("s3", ())}
    assert found >= 200 * at_least


@given(st.lists(st.lists(st.integers(-100, 100), min_size=2, max_size=5), min_size=1, max_size=6), st.sampled_from([0.25, 0.5, 2.0, 1024.0]))
def test_who_is_named_does_not_depend_on_the_unit(values, factor):
    sets = {str(i): {f"{i}w{k}": float(value) for k, value in enumerate(one)} for i, one in enumerate(values)}
    scaled = {name: {well: factor * value for well, value in one.items()} for name, one in sets.items()}
    assert {name: [far.well for far in one] for name, one in outliers(sets).items()} == {name: [far.well for far in one] for name, one in outliers(scaled).items()}


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
    assert any(note.startswith("A5 reads 3.00 OD600") for note in result.notes)


def test_absorbance_in_thousandths_is_refused():
    od = Measurement(name="OD600", unit="OD600")
    plan = ReadingPlan(measurements=(od,), roles={"a": "candidate"}, plates={"P": {"A1": "a"}})
    with pytest.raises(ResultsError, match="at most 100 in well A1, found 251"):
        read_results(b"plate,well,measurement,value,unit\nP,A1,OD600,251,OD600\n", plan=plan)
