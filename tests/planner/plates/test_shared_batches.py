"""Batches whose wells share values: by every way to choose one, in tables and in product spaces."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pandas as pd
import pytest

from planner.propose import propose
from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.errors import DesignError
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import Dataset
from world_model.terms.shared import Shared
from world_model.terms.space import SearchSpace

T = Discrete(name="t", unit="°C", values=(20, 25, 30, 35, 40))
X, Y = Continuous(name="x", low=0, high=1), Continuous(name="y", low=0, high=1)
STRAIN = Categorical(name="strain", levels=("a", "b", "c"))
PRODUCT = SearchSpace(factors=(T, X, Y))
TABLE = SearchSpace.from_table(
    pd.DataFrame([(t, x, s) for t in T.values for x in np.linspace(0, 1, 12) for s in STRAIN.levels], columns=["t", "x", "strain"]), factors=(T, STRAIN)
)


def truth(row):
    """Best at 30 °C, where x = 0.4 and y = 0.6."""
    return -(((row["t"] - 30) / 10) ** 2) - 3 * (row["x"] - 0.4) ** 2 - 3 * (row.get("y", 0.6) - 0.6) ** 2 + (row.get("strain") == "b")


def drawn(space, n, seed=0):
    rng = np.random.default_rng(seed)
    if space.candidates is not None:
        return [space.candidate_settings(int(i)) for i in rng.choice(len(space.candidates), n, replace=False)]
    return [{f.name: float(rng.choice(f.values)) if isinstance(f, Discrete) else float(rng.uniform(*f.bounds)) for f in space.factors} for _ in range(n)]


def data_of(space, rows):
    values = np.array([truth(row) for row in rows])
    return Dataset(
        ids=tuple(f"R00-{i:03d}" for i in range(len(rows))), settings={name: np.array([row[name] for row in rows]) for name in space.names},
        roles=("candidate",) * len(rows), blocks=("1",) * len(rows), times_h=np.array([np.nan]), variables=("out",),
        values=values[:, None, None], flags=np.zeros((len(rows), 1, 1), int),
    )  # fmt: skip


def batch_of(space, n, *, done=16, strategy="auto", controls=(), **batch):
    return propose(
        space=space, goals=[Goal(readout="out")], measurements=[Measurement(name="out")], data=data_of(space, drawn(space, done)), pending=[],
        batch=Batch(**batch), controls=list(controls), round=2, n=n, seed=0, strategy=strategy,
    )  # fmt: skip


def held(proposal, *names):
    return Counter(tuple(row.settings[name] for name in names) for row in proposal.experiments if row.settings)


WAYS = pytest.mark.parametrize(("strategy", "done"), [("auto", 16), ("auto", 0), ("random", 16)], ids=["model", "start", "random"])
SPACES = pytest.mark.parametrize("space", [PRODUCT, TABLE], ids=["product", "table"])


@SPACES
@WAYS
def test_one_temperature_in_the_whole_batch(space, strategy, done):
    proposal = batch_of(space, 5, done=done, strategy=strategy, shared=(Shared(factors=("t",)),))
    assert len(held(proposal, "t")) == 1 and len(held(proposal, *space.names)) == 5
    value = proposal.experiments[0].settings["t"]
    assert f"t {value:g} °C, shared by 5 wells" in proposal.experiments[0].reason


@SPACES
@WAYS
def test_four_zones_of_two_wells_hold_eight_candidates(space, strategy, done):
    """Each zone has one temperature: at most four values, each on a whole number of zones of two."""
    wells = held(batch_of(space, 8, done=done, strategy=strategy, shared=(Shared(factors=("t",), per="block", blocks=(2, 2, 2, 2)),)), "t")
    assert sum(-(-count // 2) for count in wells.values()) <= 4


@SPACES
def test_a_large_batch_keeps_to_its_zones(space):
    wells = held(batch_of(space, 24, shared=(Shared(factors=("t",), per="block", blocks=(8, 8, 8)),)), "t")
    assert sum(-(-count // 8) for count in wells.values()) <= 3 and sum(wells.values()) == 24


def test_the_model_takes_the_temperature_that_pays():
    """With noise-free readings over all temperatures the batch stands at 30 °C, where the truth is best."""
    assert set(held(batch_of(TABLE, 6, done=60, shared=(Shared(factors=("t",)),)), "t")) == {(30.0,)}


def test_two_factors_together_are_one_value():
    wells = held(batch_of(TABLE, 6, shared=(Shared(factors=("t", "strain"), values=2),)), "t", "strain")
    assert len(wells) <= 2


def test_two_entries_hold_side_by_side():
    proposal = batch_of(TABLE, 6, shared=(Shared(factors=("t",)), Shared(factors=("strain",), values=2)))
    assert len(held(proposal, "t")) == 1 and len(held(proposal, "strain")) <= 2


def test_a_continuous_factor_is_shared_to_the_last_digit():
    space = SearchSpace(factors=(Continuous(name="t", low=20, high=40, unit="°C"), X, Y))
    proposal = batch_of(space, 4, done=40, shared=(Shared(factors=("t",)),))
    [(value,)] = held(proposal, "t")
    assert value == pytest.approx(30, abs=2)


def test_two_plates_have_a_temperature_each():
    """12 candidates on plates of 6 wells are two plates; each may have its own temperature, for six wells at most."""
    wells = held(batch_of(TABLE, 12, strategy="random", shared=(Shared(factors=("t",)),), plate_wells=6), "t")
    assert len(wells) == 2 and set(wells.values()) == {6}


def test_replicates_take_seats_too():
    """Zones of three wells hold one candidate in duplicate each."""
    proposal = batch_of(TABLE, 3, replicates=2, shared=(Shared(factors=("t",), per="block", blocks=(3, 3, 3)),))
    assert sum(-(-count // 3) for count in held(proposal, "t").values()) <= 3


def test_a_control_that_leaves_the_temperature_out_takes_the_plates():
    control = Control(name="standard", wells=2, settings={"x": 0.5, "y": 0.5})
    proposal = batch_of(PRODUCT, 4, controls=[control], shared=(Shared(factors=("t",)),))
    assert len(held(proposal, "t")) == 1
    assert [set(row.settings) for row in proposal.experiments if row.role == "control"] == [{"t", "x", "y"}] * 2


def test_a_control_of_its_own_temperature_takes_a_zone():
    control = Control(name="standard", wells=2, settings={"t": 20, "x": 0.5, "y": 0.5})
    proposal = batch_of(PRODUCT, 4, controls=[control], shared=(Shared(factors=("t",), per="block", blocks=(2, 2, 2)),))
    wells = held(proposal, "t")
    assert (20.0,) in wells and sum(-(-count // 2) for count in wells.values()) <= 3


@pytest.mark.parametrize(
    ("batch", "controls", "told"),
    [
        ({"shared": (Shared(factors=("temp",)),)}, (), "Expected a factor's name"),
        ({"shared": (Shared(factors=("t",), per="block", blocks=(2, 2)),)}, (), "room for 4"),
        ({"shared": (Shared(factors=("t",)),)}, tuple(Control(name=f"c{t}", wells=1, settings={"t": t, "x": 0.5, "y": 0.5}) for t in (20, 40)), "one value of t in each plate"),
    ],
)  # fmt: skip
def test_what_can_not_stand_on_the_wells_is_refused_by_name(batch, controls, told):
    with pytest.raises(DesignError, match=told):
        batch_of(PRODUCT, 5, controls=controls, **batch)


def test_a_table_that_runs_out_at_every_temperature_is_refused():
    few = SearchSpace.from_table(pd.DataFrame([(t, x) for t, x in product((20.0, 30.0), (0.0, 0.5, 1.0))], columns=["t", "x"]))
    with pytest.raises(DesignError, match="one value of t in each plate"):
        propose(
            space=few, goals=[Goal(readout="out")], measurements=[Measurement(name="out")], data=data_of(few, []), pending=[],
            batch=Batch(shared=(Shared(factors=("t",)),)), controls=[], round=1, n=4, seed=0,
        )  # fmt: skip
