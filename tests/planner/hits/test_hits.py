"""Hits: their chance, who tells it better, and batches that find them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

import nextwell as nw
from planner.hits.chance import log_score
from planner.hits.view import HIT, READOUT, hits_view
from planner.information.level_set import past
from world_model.terms.errors import DesignError
from world_model.terms.goal_conflicts import goal_conflicts
from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import Dataset


def goal(**threshold):
    return Goal(readout="score", direction="hits", **threshold)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [({"at_least": 1.0}, norm.sf(1.0, 0.4, 0.5)), ({"at_most": 1.0}, norm.cdf(1.0, 0.4, 0.5)), ({"size_at_least": 1.0}, norm.sf(1.0, 0.4, 0.5) + norm.cdf(-1.0, 0.4, 0.5))],
)
def test_the_chance_of_a_hit_is_the_normal_tail_past_the_threshold(threshold, expected):
    told = past(goal(**threshold), torch.tensor([0.4], dtype=torch.double), torch.tensor([0.5], dtype=torch.double))
    assert float(told) == pytest.approx(expected, rel=1e-9)


def test_the_score_of_a_chance_is_minus_the_logarithm_of_what_was_said():
    told = log_score(torch.tensor([0.2, 0.2]), torch.tensor([1.0, 0.0]))
    assert told.tolist() == pytest.approx([-math.log(0.2), -math.log(0.8)], rel=1e-6)


def test_the_view_tells_hits_by_size_and_leaves_missing_readings_missing():
    values = np.array([0.5, -0.5, 0.1, np.nan])
    data = Dataset(
        ids=("a", "b", "c", "d"), settings={"x": np.arange(4.0)}, roles=("candidate",) * 4, blocks=("1",) * 4, times_h=np.array([np.nan]),
        variables=("score",), values=values[:, None, None], flags=np.where(np.isfinite(values), 0, -1)[:, None, None],
    )  # fmt: skip
    view = hits_view(data, [goal(size_at_least=0.4)])
    assert view.data.variables == (READOUT, HIT)
    np.testing.assert_array_equal(view.data.values[:, 0, 1], [1, 1, 0, np.nan])
    assert view.goals[0].readout == READOUT and view.goals[0].size_at_least == 0.4


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"direction": "hits"}, "expected one threshold with direction = 'hits'"),
        ({"direction": "hits", "at_least": 1, "at_most": 2}, "found at_least and at_most"),
        ({"at_least": 1}, "expected at_least with direction = 'hits' or 'level set' only"),
        ({"direction": "hits", "size_at_least": -1}, "greater than 0"),
        ({"direction": "discriminate", "between": ("wide",)}, "two world models or more"),
        ({"direction": "information", "between": ("wide", "linear")}, "expected between with direction = 'discriminate' only"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(keys, told):
    with pytest.raises(ValueError, match=told):
        Goal(readout="score", **keys)


def test_hits_stand_alone_among_the_goals():
    several = [(0, goal(at_least=1)), (1, Goal(readout="cost", direction="min"))]
    told = [str(one) for one in goal_conflicts(several, [], join="pareto", measurements=[Measurement(name="score"), Measurement(name="cost")], controls=())]
    assert len(told) == 1 and "goals[0].direction: expected a goal with direction = 'hits' to be the only one, found 2 goals" in told[0]


def test_a_goal_of_an_extreme_is_written_as_before_there_were_others():
    assert set(Goal(readout="y").model_dump()) == {"readout", "take", "at_h", "direction"}


def screen(n=400, seed=0):
    """Genes with 18 descriptors; hits, of either sign, where the first two are high; heavy tails elsewhere too."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.uniform(size=(n, 18)), columns=[f"d{i}" for i in range(18)])
    module = (table["d0"] > 0.65) & (table["d1"] > 0.5)
    score = 0.1 * rng.standard_t(3, size=n) + np.where(module, rng.choice([-1.0, 1.0], n) * rng.uniform(0.3, 1.2, n), 0.0)
    return table, score


def test_a_screen_finds_more_than_twice_the_hits_that_chance_does():
    table, score = screen()
    hit = np.abs(score) >= 0.6
    campaign = nw.Campaign(space=nw.SearchSpace.from_table(table), goals=[goal(size_at_least=0.6)], seed=0)
    rows = list(np.random.default_rng(0).choice(len(table), 60, replace=False))
    campaign.record(table.iloc[rows].assign(score=score[rows]))
    batch = campaign.propose(40)
    picked = [int(row) for row in batch["candidate"]]
    assert not set(picked) & set(rows)
    assert hit[picked].mean() > 2 * hit.mean()
    assert batch["reason"].str.contains("Hit with a chance of").all()
    assert "chance of a hit" in campaign.state.rounds[-1].proposal.strategy


def test_small_batches_of_a_table_take_the_likeliest_too():
    table, score = screen(120)
    campaign = nw.Campaign(space=nw.SearchSpace.from_table(table), goals=[goal(at_least=0.4)], seed=0)
    campaign.record(table.iloc[:40].assign(score=score[:40]))
    few, more = campaign.propose(3), None
    chances = few["reason"].str.extract(r"chance of (\d+)%")[0].astype(int)
    assert list(chances) == sorted(chances, reverse=True) and more is None


def test_models_that_are_to_be_told_apart_have_to_be_known():
    space = nw.SearchSpace(factors=[nw.Continuous(name="x", low=0, high=1)])
    campaign = nw.Campaign(space=space, goals=[Goal(readout="y", direction="discriminate", between=("wide", "wid"))])
    campaign.record(pd.DataFrame({"x": np.linspace(0, 1, 8), "y": np.linspace(0, 1, 8)}))
    with pytest.raises((DesignError, nw.NextwellError), match="world model's name, found 'wid'"):
        campaign.propose(2)
