"""Plates and time courses: what a person must be able to see in the pictures."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from runs.report.conditions import conditions, ranked
from runs.report.coverage import Checked
from runs.report.deviations import RoundDeviations
from runs.report.pictures.deviating import draw_deviating
from runs.report.pictures.fans import conditions_to_show, draw_fans
from runs.report.pictures.plates import draw_plates
from runs.report.pictures.slices import draw_slices
from runs.report.pictures.style import RED
from runs.report.wells import PlateOfRound, Well, plates
from runs.state.campaign_state import ReadingBlock
from runs.state.dataset import dataset
from runs.state.payloads import CompiledStage, ProtocolCompiled, Readings, WrittenFile
from world_model.deviations import Deviation
from world_model.fit import fit_world_model
from world_model.scores import Z90
from world_model.terms.constraints import Linear
from world_model.terms.goals import Goal, Measurement
from world_model.terms.space import SearchSpace

GOAL = Goal(readout="titre", direction="max")


@pytest.fixture
def plated(two_rounds):
    """Round 2 of the hand-made campaign on a plate: R02-003 failed, R02-004 is still waited for, a reading of R02-001 overflowed."""
    second = two_rounds.rounds[1]
    layout = {"B2": "R02-001", "B3": "R02-002", "C2": "R02-003", "C3": "R02-004", "H12": "R02-005"}
    compiled = ProtocolCompiled(
        round=2, plate="hand-R02", stages=(CompiledStage(name="setup", at_h=0.0, file="setup.py"),), layout=layout, planned={},
        files=(WrittenFile(name="setup.py", sha256="a" * 64),), protocol_sha256="b" * 64, lab_sha256="c" * 64, volume_ul=200.0,
    )  # fmt: skip
    gone = {"R02-003", "R02-004"}
    blocks = []
    for block in two_rounds.blocks:
        told = block.readings
        keep = [i for i, id in enumerate(told.experiment_id) if id not in gone]
        columns = {name: tuple(getattr(told, name)[i] for i in keep) for name in Readings.model_fields}
        over = [columns["experiment_id"][k] == "R02-001" for k in range(len(keep))]
        columns["value"] = tuple(None if lost else value for lost, value in zip(over, columns["value"], strict=True))
        columns["flag"] = tuple("above limit" if lost else flag for lost, flag in zip(over, columns["flag"], strict=True))
        blocks.append(ReadingBlock(seq=block.seq, readings=Readings(**columns)))
    return replace(
        two_rounds, rounds=(two_rounds.rounds[0], replace(second, compiled=compiled)), blocks=tuple(blocks),
        answered=two_rounds.answered - gone, failed=MappingProxyType({"R02-003": "bubble"}),
    )  # fmt: skip


def test_wells_carry_what_was_read_or_why_not(plated):
    plate = plates(plated, dataset(plated), GOAL)[-1]
    well = {well.name: well for well in plate.wells}
    assert plate.plate == "hand-R02" and len(well) == 5
    assert well["B3"].value == pytest.approx(18.1) and not well["B3"].waiting
    assert well["C2"].failed == "bubble" and not well["C2"].waiting
    assert well["C3"].waiting and np.isnan(well["C3"].value)
    assert np.isnan(well["B2"].value) and not well["B2"].waiting  # read, but above the limit


def test_lost_wells_have_red_rings_and_their_marks(plated):
    picture = draw_plates(plates(plated, dataset(plated), GOAL), GOAL, plated.charter, name="plates")
    assert picture is not None
    axes = picture.figure.axes[0]
    red = {patch.center for patch in axes.patches if isinstance(patch, Circle) and to_hex(patch.get_edgecolor()) == RED.lower()}
    assert red == {(1, 1), (1, 2)}  # B2 overflowed, C2 failed; columns and rows from 0
    assert sorted(text.get_text() for text in axes.texts) == ["?", "c", "×"]


def test_a_campaign_without_wells_has_no_plates(two_rounds):
    assert draw_plates(plates(two_rounds, dataset(two_rounds), GOAL), GOAL, two_rounds.charter, name="plates") is None


def test_a_slice_passes_through_the_models_mean_and_dots_what_a_constraint_forbids(two_rounds):
    data = dataset(two_rounds)
    space = SearchSpace(factors=two_rounds.charter.factors, constraints=(Linear(terms={"dose": 1.0}, at_most=9.5),))
    model = fit_world_model(space, data, seed=0)
    every = conditions(two_rounds, data, GOAL)
    picture = draw_slices(model, ranked(every, GOAL)[0], every, GOAL, two_rounds.charter, name="slices")
    line = {drawn.get_label(): drawn for drawn in picture.figure.axes[0].lines}
    x, y = line["model's mean"].get_data()
    at = int(np.argmin(np.abs(np.asarray(x) - 5.0)))
    assert y[at] == pytest.approx(float(model.readout(GOAL, [{"dose": float(x[at])}]).mean[0]))
    beyond = np.asarray(x)[np.isfinite(line["beyond a constraint"].get_ydata())]
    assert beyond.min() > 9.5 and np.isnan(y[-1])


def test_fans_show_the_models_band_and_every_reading_of_the_condition(write_campaign, propose_one):
    hours = (0.0, 1.0, 2.0)
    measured = Measurement(name="titre", unit="g/L", at_h=hours)
    rows = [propose_one(f"R01-{k:03d}", {"dose": float(k)}) for k in range(1, 7)]
    state = write_campaign([(rows, None)], goals=[GOAL], measurements=[measured])
    cells = [(row.id, hour, k * hour) for k, row in enumerate(rows, start=1) for hour in hours]
    block = ReadingBlock(
        seq=9,
        readings=Readings(
            experiment_id=tuple(cell[0] for cell in cells), variable=("titre",) * len(cells), at_h=tuple(cell[1] for cell in cells),
            value=tuple(cell[2] for cell in cells), raw=tuple(cell[2] for cell in cells), flag=("ok",) * len(cells), well=("",) * len(cells),
        ),
    )  # fmt: skip
    state = replace(state, blocks=(block,), answered=frozenset(row.id for row in rows))
    data = dataset(state)
    model = fit_world_model(SearchSpace(factors=state.charter.factors), data, seed=0)
    every = conditions(state, data, GOAL)
    shown = conditions_to_show(ranked(every, GOAL), every)
    # 6 conditions by the last reading, k · 2 h: the best is 6, the middle the fourth from the top, the last is 1
    assert [(entry.label, entry.condition.ids) for entry in shown] == [("best", ("R01-006",)), ("middle", ("R01-003",)), ("last", ("R01-001",))]
    picture = draw_fans(model, data, shown, GOAL, state.charter, name="fans")
    assert picture is not None
    axes = picture.figure.axes[0]
    read = next(line for line in axes.lines if line.get_label() == "readings")
    assert read.get_ydata().tolist() == [0.0, 6.0, 12.0]
    told = model.posterior([{"dose": 6.0}]).mean_sd()
    band = axes.collections[1].get_paths()[0].vertices[:, 1]  # the state's band, drawn over the readings' one
    assert band.max() == pytest.approx(float((told.mean + Z90 * told.sd)[0, :, 0].max()))


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_no_title_of_the_deviating_plates_is_cut_off(rounds):
    pair = Checked(id="R02-001", round=2, mean=1.0, low=0.9, high=1.1, observed=2.0)
    verdict = Deviation(id="R02-001", cause="transition", figure=3.0, evidence="far off", z=3.0)
    shown = [PlateOfRound(round=n, plate=f"gfp-R{n}", wells=(Well(name="B2", id="R02-001", role="candidate", value=2.0),)) for n in range(1, rounds + 1)]
    entries = tuple(RoundDeviations(round=plate.round, goal=GOAL, pairs=(pair,), found=(verdict,)) for plate in shown)
    figure = draw_deviating(entries, tuple(shown), name="deviating").figure
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        assert axes._left_title.get_window_extent().y1 <= figure.bbox.y1
