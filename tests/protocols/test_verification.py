"""The engine's check: a good file passes, and whatever is swapped in it is found, every time."""

from __future__ import annotations

import ast
import random
from dataclasses import replace

import pytest

from protocols.compile import draft_plate
from protocols.emitters.opentrons import COLUMNS
from protocols.engine.analysis import Analysis, Event, Loaded
from protocols.engine.client import OpentronsEngine, warm_engine
from protocols.rebuild import rebuild
from protocols.verify import verify
from world_model.terms.errors import ProtocolError
from world_model.terms.proposal import ProposedExperiment

TIP, SOURCE_SLOT, SOURCE_WELL, TARGET, VOLUME = (COLUMNS.index(name) for name in ("tip", "source_slot", "source_well", "well", "volume"))


def rows_of(text: str) -> list[list]:
    """The MOVES table of a robot file."""
    block = text.split("MOVES = [\n")[1].split("\n]\n")[0]
    return [list(ast.literal_eval(line.strip().rstrip(","))) for line in block.splitlines()]


def with_rows(text: str, rows: list[list]) -> str:
    head, rest = text.split("MOVES = [\n")
    return head + "MOVES = [\n" + "\n".join(f"    {tuple(row)!r}," for row in rows) + "\n]\n" + rest.split("\n]\n", 1)[1]


@pytest.fixture(scope="module")
def small():
    """Three experiments with one addition, small enough to analyse dozens of times."""
    from world_model.terms.factors import Continuous
    from world_model.terms.lab_profile import LabProfile
    from world_model.terms.space import SearchSpace

    space = SearchSpace(
        factors=(
            Continuous(name="A", unit="mM", low=0, high=10),
            Continuous(name="B", unit="mM", low=0, high=10),
            Continuous(name="I", unit="mM", low=0, high=10, acts="dose", at=2.0),
        )
    )
    stocks = [{"name": f"{name} stock", "components": {name: {"concentration": 100, "unit": "mM"}}, "volume_ml": 5, "holder": "h", "position": f"A{i}"} for i, name in enumerate("ABI", 2)]
    lab = LabProfile.model_validate(
        {
            "name": "small", "robot": {"pipettes": [{"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]}]},
            "plate": {"labware": "corning_24_wellplate_3.4ml_flat", "volume_ul": 100}, "holders": [{"name": "h", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 100}],
            "stocks": [{"name": "water", "volume_ml": 5, "holder": "h", "position": "A1"}, *stocks, {"name": "cells", "volume_ml": 5, "holder": "h", "position": "A12"}],
            "medium": {"diluent": "water"}, "cells": {"stock": "cells", "final_od600": 0.1, "expected_od600": 1.0},
        }
    )  # fmt: skip
    # two of them alike: a swap of their wells leaves every composition right, and must be found all the same
    design = [
        ProposedExperiment(id=f"e{i}", role="candidate", settings={"A": a, "B": b, "I": c}) for i, (a, b, c) in enumerate([(2.0, 5.0, 3.0), (2.0, 5.0, 3.0), (7.0, 1.0, 2.0)])
    ]  # fmt: skip
    return draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=5)


def found_in(small, *, setup=None, add=None) -> list[str]:
    files = (setup or small.files[0], add or small.files[1])
    return [str(finding) for finding in verify(files, small.plan, small.robot, engine=warm_engine()).findings]


def test_a_good_file_passes_and_its_composition_is_exact(small, compiled):
    told = verify(small.files, small.plan, small.robot, engine=warm_engine())
    assert told.passed
    assert told.largest_gap_nl < 1e-3
    assert compiled.verification.passed
    assert compiled.verification.stages == 3


def test_two_stocks_swapped_are_found(small):
    rows = rows_of(small.files[0])
    places = sorted({row[SOURCE_WELL] for row in rows})
    assert len(places) == 4
    for i, one in enumerate(places):
        for two in places[i + 1 :]:
            other = {one: two, two: one}
            swapped = [[*row[:SOURCE_WELL], other.get(row[SOURCE_WELL], row[SOURCE_WELL]), *row[SOURCE_WELL + 1 :]] for row in rows]
            assert any("µL of" in told and "instead of" in told for told in found_in(small, setup=with_rows(small.files[0], swapped))), (one, two)


def test_two_stocks_swapped_on_the_deck_and_in_the_moves_are_found(small):
    """The consistent lie: the file declares and draws each stock in the other's place; only the lab's place gives it away."""
    text = small.files[0].replace("{'A2': ", "{'A9': ").replace("{'A3': ", "{'A2': ").replace("{'A9': ", "{'A3': ")
    rows = [[*row[:SOURCE_WELL], {"A2": "A3", "A3": "A2"}.get(row[SOURCE_WELL], row[SOURCE_WELL]), *row[SOURCE_WELL + 1 :]] for row in rows_of(text)]
    assert any("declared as" in told for told in found_in(small, setup=with_rows(text, rows)))


@pytest.mark.parametrize("stage", ["setup", "add"])
def test_two_wells_swapped_are_found_even_of_equal_composition(small, stage):
    text = small.files[0] if stage == "setup" else small.files[1]
    rows = rows_of(text)
    wells = sorted({row[TARGET] for row in rows})
    assert len(wells) == 3
    for i, one in enumerate(wells):
        for two in wells[i + 1 :]:
            other = {one: two, two: one}
            swapped = with_rows(text, [[*row[:TARGET], other.get(row[TARGET], row[TARGET]), *row[TARGET + 1 :]] for row in rows])
            assert found_in(small, **{stage: swapped}), (one, two)


def test_any_two_rows_swapped_are_found(small):
    rows = rows_of(small.files[0])
    chance = random.Random(1)
    for _ in range(12):
        i, j = chance.sample(range(len(rows)), 2)
        swapped = list(rows)
        swapped[i], swapped[j] = rows[j], rows[i]
        if rows[i] != rows[j]:
            assert found_in(small, setup=with_rows(small.files[0], swapped)), (i, j)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BOTTOM_MM = 1.0", "BOTTOM_MM = -20.0"),
        ("ABOVE_MM = -1.0", "ABOVE_MM = -9.0"),
        ("        hand.dispense(", "        hand.air_gap(1)\n        hand.dispense("),
        ("    for hand in hands:\n        if hand.has_tip:\n            hand.drop_tip()\n", ""),
        ("deck[slot].load_empty(wells)", "pass"),
        ("'flex_1channel_50'", "'flex_1channel_1000'"),
        ("'corning_24_wellplate_3.4ml_flat'", "'corning_96_wellplate_360ul_flat'"),
        ("def run(ctx):", "def run(ctx):\n    raise RuntimeError('x')"),
        ("requirements", "requirement"),
    ],
)
def test_other_changes_that_the_engine_lets_pass_are_found(small, old, new):
    assert old in small.files[0]
    assert found_in(small, setup=small.files[0].replace(old, new))


def test_one_volume_off_by_a_step_is_found(small):
    rows = rows_of(small.files[1])
    rows[0][VOLUME] = round(rows[0][VOLUME] + 0.1, 1)
    assert any("instead of" in told for told in found_in(small, add=with_rows(small.files[1], rows)))


def test_what_a_tip_holds_is_mixed_by_volume():
    """30 µL of X and 10 µL of Y in one tip, half dispensed: 15 µL and 5 µL arrive."""
    def act(kind, well="", volume=0.0):
        return Event(kind=kind, name=kind, mount="left", slot="C2", well=well, volume_ul=volume)

    analysis = Analysis(
        errors=(), labware={}, pipettes={}, final_ul={},
        loads=(Loaded(liquid="X", slot="C2", well="A1", volume_ul=100), Loaded(liquid="Y", slot="C2", well="B1", volume_ul=100)),
        events=(act("pick"), act("aspirate", "A1", 30), act("aspirate", "B1", 10), act("dispense", "C1", 20), act("dispense", "D1", 20), act("drop")),
    )  # fmt: skip
    told = rebuild(analysis, before={})
    assert told.reasons == ()
    assert told.wells["C2", "C1"] == pytest.approx({"X": 15_000, "Y": 5_000})
    assert told.wells["C2", "A1"] == pytest.approx({"X": 70_000})


def test_drawing_more_than_a_well_holds_is_told():
    load = Loaded(liquid="X", slot="C2", well="A1", volume_ul=5)
    take = Event(kind="aspirate", name="aspirate", mount="left", slot="C2", well="A1", volume_ul=6)
    told = rebuild(Analysis(errors=(), labware={}, pipettes={}, final_ul={}, loads=(load,), events=(take,)), before={})
    assert "holds 5 µL, 6 µL are taken" in told.reasons[0]


def test_an_interpreter_without_opentrons_names_the_extra(tmp_path):
    """A bare interpreter has no opentrons: the worker says so, and the message says which extra to install."""
    import subprocess
    import sys

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    with pytest.raises(ProtocolError, match=r"pip install 'nextwell\[opentrons\]'"):
        OpentronsEngine(str(tmp_path / "bare" / "bin" / "python"))


def test_a_worker_that_dies_is_told_and_replaced():
    engine = warm_engine()
    engine.close()
    with pytest.raises(ProtocolError, match="Run the command again"):
        engine.analyse("x = 1")
    assert warm_engine() is not engine
    assert warm_engine().alive


def test_a_file_that_is_no_protocol_is_an_error_not_a_crash():
    assert warm_engine().analyse("this is no protocol").errors
    assert warm_engine().alive


class _Tampered:
    """The engine with one answer changed: what a faulty ledger or an unexpected command would look like."""

    version = "9.0.0"

    def __init__(self, change):
        self.change = change

    def analyse(self, text):
        return self.change(warm_engine().analyse(text))


def test_the_engines_own_final_volumes_count(small):
    def spill(analysis):
        place = next(place for place, volume in analysis.final_ul.items() if volume and place[0] == "C2")
        return replace(analysis, final_ul={**analysis.final_ul, place: analysis.final_ul[place] - 0.01})

    found = verify(small.files, small.plan, small.robot, engine=_Tampered(spill)).findings  # type: ignore[arg-type]
    assert found
    assert all("final volume" in finding.observed for finding in found)


def test_a_ledger_that_lost_count_is_no_agreement(small):
    def forget(analysis):
        return replace(analysis, final_ul=dict.fromkeys(analysis.final_ul))

    found = verify(small.files, small.plan, small.robot, engine=_Tampered(forget)).findings  # type: ignore[arg-type]
    assert any("knows no volume" in finding.observed for finding in found)
