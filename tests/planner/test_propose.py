"""A round's batch: what may be in it, what never is, and why it is there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.greedy import SAME
from planner.propose import FEWEST_INTERVENTIONS, LARGE_BATCH, propose
from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.constraints import Linear
from world_model.terms.errors import DesignError
from world_model.terms.factors import Categorical, Continuous, Discrete, Integer
from world_model.terms.goals import Goal, Measurement
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

PRODUCT = SearchSpace(
    factors=(
        Continuous(name="x", low=0, high=10), Discrete(name="d", values=(1.0, 2.0, 5.0)), Integer(name="k", low=0, high=30),
        Categorical(name="c", levels=("a", "b", "c")),
    ),
    constraints=(Linear(terms={"x": 1, "k": 0.5}, at_most=15),),
)  # fmt: skip
MIXTURE = SearchSpace(
    factors=tuple(Continuous(name=name, low=0, high=1) for name in "abc"), constraints=(Linear(terms={"a": 1, "b": 1, "c": 1}, equals=1.0),)
)
TABLE = SearchSpace.from_table(
    pd.DataFrame(
        [(x, z, c) for x in range(6) for z in range(5) for c in ("a", "b")], columns=["x", "z", "c"], index=[f"row {i}" for i in range(60)]
    ).astype({"x": float, "z": float})
)  # fmt: skip


def truth(row):
    return sum((0.3 if isinstance(v, str) else float(v)) * w for v, w in zip(row.values(), (1.0, -0.7, 0.4, 0.2), strict=False)) + (row.get("c") == "b")


def data_of(space, rows, *, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    values = np.array([truth(row) for row in rows]) + noise * rng.normal(size=len(rows))
    return Dataset(
        ids=tuple(f"R00-{i:03d}" for i in range(len(rows))), settings={name: np.array([row[name] for row in rows]) for name in space.names},
        roles=("candidate",) * len(rows), blocks=("1",) * len(rows), times_h=np.array([np.nan]), variables=("y",),
        values=values[:, None, None], flags=np.zeros((len(rows), 1, 1), int),
    )  # fmt: skip


def asked(space, data, n, **more):
    told = {"goals": [Goal(readout="y")], "pending": [], "batch": Batch(), "controls": [], "round": 2, "seed": 0} | more
    return propose(space=space, measurements=[Measurement(name="y")], data=data, n=n, **told)


def begun(space, n, seed=0):
    """n rows as a random start would choose them, with their readings."""
    start = asked(space, data_of(space, []), n, strategy="random", round=1, seed=seed)
    return data_of(space, [dict(row.settings) for row in start.experiments])


def keys(space, rows):
    return {tuple(round(v, 6) if isinstance(v, float) else v for v in (row[name] for name in space.names)) for row in rows}


def rows_of(data):
    return [{name: column[i] for name, column in data.settings.items()} for i in range(len(data))]


SPACES = pytest.mark.parametrize("space", [PRODUCT, MIXTURE, TABLE], ids=["product", "mixture", "table"])


@SPACES
@pytest.mark.parametrize("strategy", ["auto", "random", "endpoint"])
def test_candidates_are_distinct_new_and_of_the_space(space, strategy):
    data = begun(space, 14)
    waiting = asked(space, data, 2, strategy="random", round=3).experiments
    batch = asked(space, data, 3, strategy=strategy, pending=waiting)
    rows = [row.settings for row in batch.experiments]
    assert all(space.reasons_against(row) == [] for row in rows)
    assert len(keys(space, rows)) == 3
    assert not keys(space, rows) & (keys(space, rows_of(data)) | keys(space, [row.settings for row in waiting]))


@SPACES
def test_predictions_are_finite_and_reasons_given(space):
    batch = asked(space, begun(space, 16), 1)
    for row in batch.experiments:
        assert row.reason
        (told,) = row.predictions
        assert np.isfinite([told.mean, told.sd]).all() and told.low < told.mean < told.high
    assert batch.model["picked"] in ("wide", "linear")


def test_points_nearer_than_a_thousandth_of_the_range_are_one_experiment():
    """y is a line with its top in a corner: every optimum found is that corner, and the batch still holds 4 experiments."""
    rows = [dict(row.settings) for row in asked(MIXTURE, begun(MIXTURE, 30), 4).experiments]
    points = np.array([list(row.values()) for row in rows])
    apart = np.abs(points[:, None] - points[None]).max(axis=2)[np.triu_indices(4, 1)]
    assert apart.min() >= SAME


def test_a_mixture_stays_a_mixture_after_the_optimiser():
    for row in asked(MIXTURE, begun(MIXTURE, 30), 3).experiments:
        assert sum(row.settings.values()) == pytest.approx(1.0, abs=1e-6)


@SPACES
def test_the_same_seed_gives_the_same_batch(space):
    data = begun(space, 14)
    first = asked(space, data, 1)
    assert first == asked(space, data, 1)
    assert asked(space, data, 3, strategy="random") != asked(space, data, 3, seed=1, strategy="random")


def test_a_table_answers_with_its_labels():
    batch = asked(TABLE, begun(TABLE, 14), 4)
    labels = list(TABLE.candidates.labels)
    for row in batch.experiments:
        assert TABLE.candidate_settings(labels.index(row.candidate)) == row.settings


def test_an_exhausted_table_is_said_before_it_is_proposed():
    """58 of 60 rows are measured: 2 are left, 3 can't be had."""
    data = data_of(TABLE, [TABLE.candidate_settings(i) for i in range(58)])
    with pytest.raises(DesignError, match="found only 2.*Ask for 2"):
        asked(TABLE, data, 3)
    assert {row.candidate for row in asked(TABLE, data, 2).experiments} == {"row 58", "row 59"}


@pytest.mark.parametrize("strategy", ["auto", "random"])
def test_nothing_left_is_an_error(strategy):
    data = data_of(TABLE, [TABLE.candidate_settings(i) for i in range(60)])
    with pytest.raises(DesignError, match="exhausted"):
        asked(TABLE, data, 1, strategy=strategy)


def test_the_start_fills_space_and_asks_no_model():
    batch = asked(PRODUCT, data_of(PRODUCT, []), 6, round=1)
    assert batch.model == {} and batch.strategy == "6 space-filling"
    assert {row.settings["c"] for row in batch.experiments} == {"a", "b", "c"}
    assert asked(TABLE, begun(TABLE, FEWEST_INTERVENTIONS - 1), 2).model == {}
    assert asked(TABLE, begun(TABLE, FEWEST_INTERVENTIONS), 2).model != {}


def test_below_level_two_the_model_fills_the_batch_by_its_own_uncertainty():
    """8 interventions are below the judge's least evidence, so the model is at level 1 and nothing is claimed for it."""
    batch = asked(TABLE, begun(TABLE, 8), 5)
    assert batch.model["level"] == 1
    assert not any(row.reason.startswith("Space-filling") for row in batch.experiments)


def test_at_level_two_the_model_fills_the_batch():
    batch = asked(TABLE, begun(TABLE, 30), 4)
    assert batch.model["level"] == 2
    assert batch.strategy.startswith("4 by noisy log expected improvement")


def test_a_plate_is_chosen_by_joint_draws():
    n = LARGE_BATCH + 4
    batch = asked(PRODUCT, begun(PRODUCT, 30), n)
    rows = [row.settings for row in batch.experiments]
    assert "joint posterior draw" in batch.strategy and len(keys(PRODUCT, rows)) == n
    assert all(PRODUCT.reasons_against(row) == [] for row in rows)


@pytest.mark.parametrize(("direction", "best"), [("max", 5.0), ("min", 0.0)])
def test_the_goal_decides_the_direction(direction, best):
    """y rises with x. Told of 40 rows of the table, the proposal has the best x that is left."""
    rows = [TABLE.candidate_settings(i) for i in range(60)]
    known = [row for i, row in enumerate(rows) if i % 3]
    (chosen,) = asked(TABLE, data_of(TABLE, known), 1, goals=[Goal(readout="y", direction=direction)]).experiments
    left = [row for row in rows if row not in known]
    pick = max if direction == "max" else min
    assert chosen.settings == pick(left, key=truth) and chosen.settings["x"] == best


def test_two_goals_are_told_apart():
    data = begun(TABLE, 20)
    twice = Dataset(
        ids=data.ids, settings=data.settings, roles=data.roles, blocks=data.blocks, times_h=data.times_h, variables=("y", "cost"),
        values=np.concatenate([data.values, -data.values], axis=2), flags=np.zeros((20, 1, 2), int),
    )  # fmt: skip
    batch = asked(TABLE, twice, 3, goals=[Goal(readout="y"), Goal(readout="cost", direction="min")])
    for row in batch.experiments:
        assert row.predictions[0].mean == pytest.approx(-row.predictions[1].mean, rel=1e-6)


def test_replicates_controls_and_blanks_come_on_top():
    control = Control(name="standard", wells=2, settings={"x": 1.0, "d": 2.0, "k": 3, "c": "a"})
    batch = asked(PRODUCT, begun(PRODUCT, 14), 3, strategy="random", batch=Batch(replicates=2, blanks=1), controls=[control], round=7)
    assert [row.role for row in batch.experiments] == ["candidate", "replicate"] * 3 + ["control"] * 2 + ["blank"]
    assert [row.id for row in batch.experiments] == [f"R07-{k:03d}" for k in range(1, 10)]
    for first, second in zip(batch.experiments[0:6:2], batch.experiments[1:6:2], strict=True):
        assert second.repeat_of == first.id and second.settings == first.settings
    assert batch.experiments[-1].settings == {}


def test_what_the_bench_reaches_is_what_is_proposed():
    def snap(row):
        return {**row, "x": float(round(row["x"]))}

    for strategy in ("auto", "random"):
        batch = asked(PRODUCT, begun(PRODUCT, 14), 2, snap=snap, strategy=strategy)
        assert all(row.settings["x"] == round(row.settings["x"]) for row in batch.experiments)


def test_the_judge_keeps_its_pace_between_rounds():
    """16 records: a verdict of 14 is kept (16 < 17.5), one of 12 is not (16 ≥ 15)."""
    data = begun(TABLE, 16)
    for n_records, kept in ((14, True), (12, False)):
        previous = {"picked": "linear", "scores": {}, "lead": {}, "n_records": n_records, "n_interventions": n_records, "level": 2, "why": "before", "failed": {}}
        told = asked(TABLE, data, 1, previous_model=previous)
        assert (told.model["why"] == "before") is kept


def test_progress_is_told():
    heard: list[str] = []
    asked(TABLE, begun(TABLE, 14), 2, progress=heard.append)
    assert any("fitting the wide model" in line for line in heard) and any("choosing experiment" in line for line in heard)


def test_pending_experiments_hold_no_blanks():
    blank = ProposedExperiment(id="R01-009", role="blank")
    assert len(asked(TABLE, begun(TABLE, 8), 1, pending=[blank]).experiments) == 1
