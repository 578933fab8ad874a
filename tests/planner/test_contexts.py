"""A round planned for one donor is foretold for that donor."""

from __future__ import annotations

import numpy as np
import pytest

from planner.propose import propose
from world_model.terms.campaign_doc import Batch
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0.0, high=1.0),))
SHIFT = {"D1": 2.0, "D2": -2.0, "D3": 0.0}


def planned(contexts):
    generator = np.random.default_rng(0)
    donor = np.repeat(list(SHIFT), 8)
    x = generator.uniform(size=24)
    y = -((x - 0.6) ** 2) + np.array([SHIFT[d] for d in donor]) + 0.02 * generator.normal(size=24)
    data = Dataset(
        ids=tuple(map(str, range(24))), settings={"x": x}, roles=("candidate",) * 24, blocks=tuple(f"R{i}" for i in range(24)), times_h=np.array([np.nan]),
        variables=("y",), values=y[:, None, None], flags=np.zeros((24, 1, 1), int), contexts={"donor": donor.astype(object)},
    )  # fmt: skip
    told = propose(
        space=SPACE, goals=[Goal(readout="y")], measurements=[Measurement(name="y")], data=data, pending=[], batch=Batch(), controls=[], round=2, n=1, seed=0,
        contestants=("wide", "mean"), contexts=contexts,
    )  # fmt: skip
    return told.experiments[0]


def test_predictions_are_those_of_the_donor_that_is_planned_for():
    typical, high, low = planned({}), planned({"donor": "D1"}), planned({"donor": "D2"})
    means = [row.predictions[0].mean for row in (low, typical, high)]
    assert means[2] - means[0] == pytest.approx(4.0, abs=0.4)  # 2 - (-2)
    assert means[0] < means[1] < means[2]
    # who comes next is not known: its reading scatters as donors do
    assert typical.predictions[0].sd > 3 * high.predictions[0].sd
