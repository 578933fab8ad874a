"""The walk without the engine: it agrees with the plan on good files, and finds whatever is swapped. Names change no structure."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.command_walk import ast_shape, read_tables, rebuild_from_text, walk, with_moves
from protocols.emitters.opentrons import COLUMNS, emit_opentrons
from protocols.engine.client import warm_engine
from world_model.terms.errors import ProtocolError

SOURCE_WELL, TARGET, VOLUME, MANNER = (COLUMNS.index(name) for name in ("source_well", "well", "volume", "manner"))


def rows_of(text: str) -> list[list]:
    return [list(row) for row in read_tables(text)["MOVES"]]


def told(drafted, files) -> list[str]:
    return [finding.observed for finding in rebuild_from_text(files, drafted.plan, drafted.robot).findings]


@pytest.fixture(scope="module")
def drafted():
    """Two stages, six experiments."""
    from protocols.compile import draft_plate
    from world_model.terms.factors import Continuous
    from world_model.terms.lab_profile import LabProfile
    from world_model.terms.proposal import ProposedExperiment
    from world_model.terms.space import SearchSpace

    lab = LabProfile.model_validate(
        {
            "name": "small", "robot": {"pipettes": [{"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]}]},
            "plate": {"labware": "corning_96_wellplate_360ul_flat", "volume_ul": 100}, "holders": [{"name": "h", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 100}],
            "stocks": [
                {"name": "water", "volume_ml": 5, "holder": "h", "position": "A1"},
                *({"name": name, "components": {name: {"concentration": 100, "unit": "mM"}}, "volume_ml": 5, "holder": "h", "position": f"A{i}"} for i, name in enumerate("ABI", 2)),
            ],
            "medium": {"diluent": "water"},
        }
    )  # fmt: skip
    space = SearchSpace(factors=(*(Continuous(name=name, unit="mM", low=0, high=10) for name in "AB"), Continuous(name="I", unit="mM", low=0, high=10, acts="dose", at=2.0)))
    chance = random.Random(4)
    design = [ProposedExperiment(id=f"e{i}", role="candidate", settings={name: round(chance.uniform(2, 10), 2) for name in "ABI"}) for i in range(6)]
    return draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=5)


def test_a_good_file_agrees(drafted):
    told = rebuild_from_text(drafted.files, drafted.plan, drafted.robot)
    assert told.passed
    assert told.largest_gap_nl < 1e-3
    assert told.wells == 6


def test_the_walk_sees_what_the_engine_sees(drafted):
    for text in drafted.files:
        ours, theirs = walk(text), warm_engine().analyse(text)
        assert ours.labware == theirs.labware
        assert ours.pipettes == theirs.pipettes
        assert [(one.kind, one.mount, one.volume_ul) for one in ours.events] == [(one.kind, one.mount, one.volume_ul) for one in theirs.events]
        pairs = [(one, two) for one, two in zip(ours.events, theirs.events, strict=True) if one.kind in ("aspirate", "dispense")]
        assert all((one.slot, one.well) == (two.slot, two.well) for one, two in pairs)
        # the engine loads an older definition of the plate, 2 µm deeper
        assert all(one.height_mm == pytest.approx(two.height_mm, abs=0.01) for one, two in pairs)


def test_every_swap_of_two_stocks_wells_or_rows_is_found(drafted):
    text, rest = drafted.files[0], drafted.files[1:]
    rows = rows_of(text)
    tried = 0
    for column in (SOURCE_WELL, TARGET):
        names = sorted({row[column] for row in rows})
        for i, one in enumerate(names):
            for two in names[i + 1 :]:
                other = {one: two, two: one}
                swapped = [[*row[:column], other.get(row[column], row[column]), *row[column + 1 :]] for row in rows]
                assert told(drafted, [with_moves(text, swapped), *rest]), (one, two)
                tried += 1
    pairs = [(i, j) for i in range(len(rows)) for j in range(i) if rows[i] != rows[j]]
    for i, j in random.Random(1).sample(pairs, 60):
        swapped = list(rows)
        swapped[i], swapped[j] = rows[j], rows[i]
        assert told(drafted, [with_moves(text, swapped), *rest]), (i, j)
        tried += 1
    assert tried == 3 + 15 + 60


def test_a_step_more_another_manner_and_a_row_less_are_found(drafted):
    text, rest = drafted.files[0], drafted.files[1:]
    rows = rows_of(text)
    for column, change in ((VOLUME, lambda v: round(v + 0.1, 1)), (MANNER, lambda m: "dry" if m == "air" else "air")):
        for number, row in enumerate(rows):
            bent = [*rows[:number], [*row[:column], change(row[column]), *row[column + 1 :]], *rows[number + 1 :]]
            assert told(drafted, [with_moves(text, bent), *rest])
    assert told(drafted, [with_moves(text, rows[:-1]), *rest])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("        hand.aspirate(volume, source)", "        hand.aspirate(volume / 2, source)", "Expected the loop that nextwell writes"),
        ("metadata = ", "import os\nmetadata = ", "found Import in line"),
        ("STIR_TIMES = 3", "STIR_TIMES = int('3')", "Expected plain data as STIR_TIMES"),
        ("'apiLevel': '2.24'", "'apiLevel': '2.25'", "Expected a robot and the API level"),
        ("MOVES = [", "MOVES = [[", "a text that is no Python"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(drafted, old, new, words):
    assert old in drafted.files[0]
    with pytest.raises(ProtocolError, match=words):
        walk(drafted.files[0].replace(old, new, 1))


def test_a_declared_stock_in_another_place_is_found(drafted):
    text = drafted.files[0].replace("{'A2': ", "{'A9': ")
    assert any("declared as" in one for one in told(drafted, [text, *drafted.files[1:]]))


HOSTILE = ["'); import os; os.system('x'); ('", '"""', "a\nb = 1\n#", "\\", "{x!r}", "%s", "=cmd|' /C calc'!A0", ";DROP", "\u202e\u2028\x00\x1b", "é日本\U0001f9ea", "# ]\n\ndef run(ctx): pass"]


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)), st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)))
def test_no_name_changes_the_shape_of_the_file(drafted, plate, stock):
    """Names of a plate and of a stock, put in below every check of names: the tree's kinds of nodes are the same, and the names come back."""
    stage = drafted.robot[0]
    loads = (replace(stage.loads[0], liquid=stock), *stage.loads[1:])
    text = emit_opentrons(replace(stage, loads=loads, name=stock), replace(drafted.plan, plate=plate))
    assert ast_shape(text) == ast_shape(drafted.files[0])
    tables = read_tables(text)
    assert tables["LIQUIDS"][0][0] == stock
    assert tables["metadata"]["protocolName"] == f"{plate} {stock}"
    assert tables["MOVES"] == read_tables(drafted.files[0])["MOVES"]
