"""Blocks, balance and zones of drawn layouts: laws that hold for every design that fits."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.finding import errors_in
from protocols.layout import lay_out, layout_reasons, zone_values
from protocols.layout.confounding import check_confounding, repeats_in_one_line
from protocols.layout.ground import ground_of, usable_wells
from protocols.layout.reasons import plate_faults
from protocols.layout.sets import replicate_sets
from world_model.terms.errors import ProtocolError
from world_model.terms.lab_profile import LabProfile, PlateProfile
from world_model.terms.plates import FORMATS
from world_model.terms.proposal import ProposedExperiment

PLATES = {
    6: "corning_6_wellplate_16.8ml_flat", 12: "corning_12_wellplate_6.9ml_flat", 24: "corning_24_wellplate_3.4ml_flat",
    48: "corning_48_wellplate_1.6ml_flat", 96: "corning_96_wellplate_360ul_flat", 384: "corning_384_wellplate_112ul_flat",
}  # fmt: skip


def lab_with(lab_doc, wells=96, **plate):
    lab_doc["plate"] = {"labware": PLATES[wells], "volume_ul": 50, **plate}
    return LabProfile.model_validate(lab_doc)


def designs(sizes, *, factors=2, seed=0, blanks=0, controls=0, **fixed):
    """Candidates with as many wells as `sizes` say, controls and blanks."""
    chance = np.random.default_rng(seed)
    made = []
    for i, size in enumerate(sizes):
        told = {**{f"x{j}": float(v) for j, v in enumerate(chance.random(factors))}, **{name: values[i % len(values)] for name, values in fixed.items()}}
        made += [
            ProposedExperiment(id=f"c{i}-{k}", role="candidate" if k == 0 else "replicate", settings=told, repeat_of=None if k == 0 else f"c{i}-0") for k in range(size)
        ]
    standard = {**{f"x{j}": 0.5 for j in range(factors)}, **{name: values[0] for name, values in fixed.items()}}
    made += [ProposedExperiment(id=f"k{i}", role="control", settings=standard) for i in range(controls)]
    return made + [ProposedExperiment(id=f"b{i}", role="blank") for i in range(blanks)]


@pytest.fixture
def small_lab(lab_doc):
    return lambda wells=96, **plate: lab_with(lab_doc, wells, **plate)


@given(
    wells=st.sampled_from([6, 12, 24, 48, 96]), use=st.sampled_from(["all", "inner"]), sizes=st.lists(st.integers(1, 4), min_size=1, max_size=24),
    blanks=st.integers(0, 6), blocks=st.integers(1, 3), seed=st.integers(0, 10**6),
)  # fmt: skip
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_design_that_fits_is_laid_out_once_apart_and_the_same_again(small_lab, wells, use, sizes, blanks, blocks, seed):
    lab = small_lab(wells, use=use, blocks=blocks)
    room = len(usable_wells(lab.plate, FORMATS[wells]))
    design = designs(sizes, blanks=blanks)[:room]
    reasons = layout_reasons(design, lab, seed=seed, plate="P")
    if not room or errors_in(reasons):
        # a plate of few wells: too many blocks for its columns, or wells in one row or column only
        assert not room or blocks > FORMATS[wells].columns - (2 if use == "inner" else 0) or (use == "inner" and wells <= 12)
        return
    record = lay_out(design, lab, seed=seed, plate="P")
    assert sorted(record.wells.values()) == sorted(experiment.id for experiment in design)
    assert set(record.wells) <= set(usable_wells(lab.plate, FORMATS[wells]))
    assert record == lay_out(design, lab, seed=seed, plate="P")
    assert repeats_in_one_line(record.wells, design) == []


@pytest.mark.parametrize("blocks", [2, 3, 5])
def test_each_block_gets_its_share_of_each_set(small_lab, blocks):
    """20 columns, so blocks are equal: a set of m has floor or ceil of m / blocks members in each."""
    lab = small_lab(384, use="all", blocks=blocks)
    design = designs([1] * 200 + [5] * 8, controls=15, blanks=30)
    record = lay_out(design, lab, seed=1, plate="P")
    at = {name: record.block[well] for well, name in record.wells.items()}
    for name, ids in replicate_sets(design).items():
        counts = [sum(at[one] == block for one in ids) for block in range(1, blocks + 1)]
        columns = 24 / blocks
        if columns == int(columns):
            assert max(counts) - min(counts) <= 1, name


def test_no_factor_goes_along_with_a_line_of_the_plate(small_lab):
    """60 wells by chance alone leave correlations of sd 1/sqrt(59) = 0.13; after the swaps none is above 0.05."""
    lab = small_lab(96, use="inner", blocks=2)
    for seed in range(5):
        record = lay_out(designs([2] * 24, factors=6, controls=6, blanks=6, seed=seed), lab, seed=seed, plate="P")
        assert record.worst is not None
        assert abs(record.worst.correlation) < 0.05
        assert {one.against for one in record.balance} == {"row", "column", "block"}


def test_the_reported_correlation_is_pearsons_over_ranks(small_lab):
    lab = small_lab(24, use="all")
    design = designs([1] * 10, factors=1)
    record = lay_out(design, lab, seed=3, plate="P")
    values = {experiment.id: experiment.settings["x0"] for experiment in design}
    ranks = np.argsort(np.argsort([values[name] for name in record.wells.values()]))
    columns = [int(well[1:]) for well in record.wells]
    told = {one.against: one.correlation for one in record.balance}
    assert told["column"] == pytest.approx(np.corrcoef(ranks, columns)[0, 1])


def test_384_wells_and_six_factors_are_laid_out_in_half_a_second(small_lab):
    lab = small_lab(384, use="all", blocks=4)
    design = designs([2] * 176, factors=6, controls=16, blanks=16)
    begin = time.process_time()
    lay_out(design, lab, seed=1, plate="P")
    assert time.process_time() - begin < 1.5  # 0.1 s on an idle core; the bound leaves room for a busy one


ZONES = [{"name": "left", "columns": [1, 2, 3, 4]}, {"name": "middle", "columns": [5, 6, 7, 8]}, {"name": "right", "columns": [9, 10, 11, 12]}]


@given(counts=st.lists(st.integers(1, 20), min_size=1, max_size=3), blanks=st.integers(0, 9), seed=st.integers(0, 999))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_experiment_stands_in_a_zone_of_its_temperature(small_lab, counts, blanks, seed):
    lab = small_lab(96, use="all", zones=ZONES, zone_factors=["temperature"])
    design = [
        ProposedExperiment(id=f"e{t}-{i}", role="candidate", settings={"x": float(i), "temperature": 30.0 + t}) for t, count in enumerate(counts) for i in range(count)
    ]
    design += [ProposedExperiment(id=f"b{i}", role="blank") for i in range(blanks)]
    assert layout_reasons(design, lab, seed=seed, plate="P") == []
    record = lay_out(design, lab, seed=seed, plate="P")
    by_id = {experiment.id: experiment for experiment in design}
    for well, name in record.wells.items():
        if by_id[name].settings:
            assert record.zone_values[record.zone[well]] == {"temperature": by_id[name].settings["temperature"]}
    assert record.zone_values == zone_values(design, lab, seed=seed, plate="P").of


def test_a_value_with_many_experiments_takes_two_zones(small_lab):
    """40 at 30 °C need two zones of 32, 20 at 37 °C get the third."""
    lab = small_lab(96, use="all", zones=ZONES, zone_factors=["temperature"])
    design = designs([1] * 60, temperature=[30.0, 30.0, 37.0])
    held = zone_values(design, lab, seed=1, plate="P").of
    assert sorted(values["temperature"] for values in held.values()) == [30.0, 30.0, 37.0]


@pytest.mark.parametrize(
    ("temperatures", "wells", "observed", "limit"),
    [
        ([30, 33, 35, 37], 12, "4 values: 30, 33, 35, 37", "at most 3 values on a plate of 3 zones"),
        ([30, 33, 37], 97, "97 experiments", "at most 96"),
        # 60 at 30 °C need two zones; then 37 and 40 share the last: refused with the counts
        ([30, 30, 30, 37, 40], 90, "30: 54, 37: 18, 40: 18", "left: 32, middle: 32, right: 32"),
    ],
)
def test_zones_that_can_not_be_are_refused_with_numbers(small_lab, temperatures, wells, observed, limit):
    lab = small_lab(96, use="all", zones=ZONES, zone_factors=["temperature"])
    design = designs([1] * wells, temperature=[float(t) for t in temperatures])
    [finding] = layout_reasons(design, lab, seed=1, plate="P")
    assert finding.rule == "zones"
    assert observed in finding.observed
    assert limit in finding.limit
    with pytest.raises(ProtocolError, match="expected"):
        lay_out(design, lab, seed=1, plate="P")


def test_repeats_in_a_zone_of_one_column_are_refused_and_the_way_out_is_told(small_lab):
    zones = [{"name": "cold", "columns": [1]}, {"name": "warm", "columns": list(range(2, 13))}]
    lab = small_lab(96, use="all", zones=zones, zone_factors=["temperature"])
    # 6 at 30 °C and 20 at 37 °C: the twenty fit the wide zone only
    design = designs([1] * 5, temperature=[30.0]) + [experiment.model_copy(update={"id": f"w{experiment.id}", "repeat_of": None}) for experiment in designs([1] * 20, temperature=[37.0])]
    design.append(ProposedExperiment(id="again", role="replicate", settings=design[0].settings, repeat_of=design[0].id))
    [finding] = layout_reasons(design, lab, seed=1, plate="P")
    assert finding.observed == "2 repeats and 8 × 1 wells for them (zone cold)"
    assert "second column" in finding.mend


def test_repeats_on_one_row_of_inner_wells_are_refused(small_lab):
    """12 wells, 3 by 4: the inner ones are B2 and B3."""
    [finding] = layout_reasons(designs([2]), small_lab(12, use="inner"), seed=1, plate="P")
    assert "1 × 2 wells" in finding.observed
    assert "plate.use = 'all'" in finding.mend


@pytest.mark.parametrize(
    ("plate", "key", "found"),
    [
        ({"blocks": 11, "use": "inner"}, ("blocks",), "11"),
        ({"zones": ZONES}, ("zone_factors",), "no zone_factors"),
        ({"zone_factors": ["temperature"]}, ("zones",), "no zones"),
        ({"zones": [*ZONES[:2], {"name": "right", "columns": [9, 10, 11, 12, 13]}], "zone_factors": ["t"]}, ("zones", 2, "columns"), "13"),
        ({"zones": [*ZONES[:2], {"name": "right", "columns": [8, 9, 10, 11, 12]}], "zone_factors": ["t"]}, ("zones", 2, "columns"), "column 8 in 'middle' too"),
        ({"zones": ZONES[:2], "zone_factors": ["t"]}, ("zones",), "none for columns 9, 10, 11, 12"),
        ({"zones": [*ZONES[:2], {"name": "left", "columns": [9, 10, 11, 12]}], "zone_factors": ["t"]}, ("zones",), "left twice"),
    ],
)
def test_blocks_and_zones_that_do_not_fit_the_plate_are_faults(plate, key, found):
    profile = PlateProfile.model_validate({"labware": PLATES[96], "volume_ul": 50, **plate})
    [fault] = plate_faults(profile, FORMATS[96])
    assert (fault.key, fault.found) == (key, found)


def test_an_own_layout_is_kept_and_checked(small_lab):
    lab = small_lab(24, use="all")
    design = designs([2] * 4)
    own = dict(zip(["A1", "B2", "A3", "C5", "D6", "B1", "C2", "D4"], [experiment.id for experiment in design], strict=True))
    assert layout_reasons(design, lab, seed=1, plate="P", own=own) == []
    record = lay_out(design, lab, seed=1, plate="P", own=own)
    assert (record.method, record.wells) == ("given", dict(sorted(own.items())))


@pytest.mark.parametrize(
    ("change", "observed"),
    [
        ({"B2": None, "A2": "c0-1"}, "all 2 wells in row A: A1, A2"),
        ({"B2": None, "D1": "c0-1"}, "all 2 wells in column 1: A1, D1"),
        ({"B2": None, "E1": "c0-1"}, "'E1'"),
        ({"B2": "c0-0"}, "2 wells"),
        ({"B2": None}, "0 wells"),
        ({"D5": "c9"}, "'c9'"),
    ],
)
def test_an_own_layout_that_is_wrong_is_refused(small_lab, change, observed):
    lab = small_lab(24, use="all")
    design = designs([2] * 4)
    own = dict(zip(["A1", "B2", "A3", "C5", "D6", "B1", "C2", "D4"], [experiment.id for experiment in design], strict=True)) | change
    own = {well: name for well, name in own.items() if name is not None}
    assert observed in [finding.observed for finding in layout_reasons(design, lab, seed=1, plate="P", own=own)]


def test_an_own_layout_that_mixes_temperatures_in_a_zone_is_refused(small_lab):
    lab = small_lab(96, use="all", zones=ZONES, zone_factors=["temperature"])
    design = designs([1, 1, 1], temperature=[30.0, 30.0, 37.0])
    [finding] = layout_reasons(design, lab, seed=1, plate="P", own={"A1": "c0-0", "B6": "c1-0", "C7": "c2-0"})
    assert (finding.rule, finding.where) == ("zones", "zone 'middle'")
    assert "temperature 37.0 in C7" in finding.observed


def sorted_by(design, wells, key):
    """The design in order of a factor, along wells in an order of theirs."""
    ordered = sorted(design, key=lambda experiment: experiment.settings["x0"])
    return dict(zip(sorted(wells, key=key), [experiment.id for experiment in ordered], strict=False))


@pytest.mark.parametrize(("key", "line"), [(lambda well: int(well[1:]), "column"), (lambda well: (well[0], int(well[1:])), "row"), (lambda well: (int(well[1:]) % 2, well), "columns")])
def test_a_factor_that_rises_along_the_plate_is_refused(small_lab, key, line):
    """Rising by column, by row, and odd columns before even ones: the last has no straight trend, its columns differ though."""
    lab = small_lab(96, use="inner")
    design = designs([1] * 48)
    ground = ground_of(lab.plate, FORMATS[96])
    found = check_confounding(sorted_by(design, ground.wells, key), design, ground)
    assert [finding.where for finding in found] == ["factor x0"]
    assert f"with the {line}" in found[0].observed


def test_blanks_all_at_the_rim_are_refused(small_lab):
    """36 of 96 wells lie at the rim: 16 blanks all there happen once in 10 million layouts."""
    lab = small_lab(96, use="all")
    ground = ground_of(lab.plate, FORMATS[96])
    design = designs([1] * 60, blanks=16)
    rim = [well for well, at_rim in zip(ground.wells, ground.edge, strict=True) if at_rim]
    chance = np.random.default_rng(4)
    spread = [str(well) for well in chance.permutation(rim)[:16]]
    others = [str(well) for well in chance.permutation([well for well in ground.wells if well not in spread])]
    own = dict(zip(spread + others, [experiment.id for experiment in [*design[60:], *design[:60]]], strict=False))
    assert [(finding.where, finding.observed.split(" with ")[1]) for finding in check_confounding(own, design, ground)] == [("the blanks", "the edge")]


def test_a_random_layout_is_refused_once_in_a_thousand(small_lab):
    """400 random layouts: more than three refusals have a chance below 1 in 1,000 when each has 1 in 1,000."""
    lab = small_lab(96, use="inner")
    design, ground = designs([1] * 40, factors=3), ground_of(lab.plate, FORMATS[96])
    chance = np.random.default_rng(7)
    refused = sum(bool(check_confounding(dict(zip(chance.permutation(ground.wells), [e.id for e in design], strict=False)), design, ground)) for _ in range(400))
    assert refused <= 3


def test_few_experiments_are_never_told_to_be_confounded(small_lab):
    """Four in rising order along a row: 2 of 24 orders are as straight, far above 1 in 1,000."""
    lab = small_lab(96, use="inner")
    design, ground = designs([1] * 4), ground_of(lab.plate, FORMATS[96])
    assert check_confounding(sorted_by(design, ground.wells[:4], lambda well: int(well[1:])), design, ground) == []
