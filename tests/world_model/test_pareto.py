"""Fronts and hypervolumes: by hand, and against BoTorch's own."""

import numpy as np
import pytest
import torch
from botorch.utils.multi_objective.hypervolume import Hypervolume, infer_reference_point
from botorch.utils.multi_objective.pareto import is_non_dominated
from hypothesis import given, settings
from hypothesis import strategies as st

from world_model.pareto import desirability_of, hypervolume, not_dominated, reference_of, scores
from world_model.terms.goals import Goal


def test_the_area_under_three_points_by_hand():
    # boxes from the origin: 3 x 1, then what 2 x 2 adds (2 x 1), then what 1 x 3 adds (1 x 1); (1, 1) adds nothing
    points = np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0], [1.0, 1.0]])
    assert hypervolume(points, np.zeros(2)) == pytest.approx(3 + 2 + 1)


def test_what_does_not_beat_the_reference_adds_nothing():
    assert hypervolume(np.array([[5.0, -1.0], [2.0, 2.0]]), np.zeros(2)) == pytest.approx(4.0)
    assert hypervolume(np.array([[5.0, -1.0]]), np.zeros(2)) == 0.0


@given(st.integers(2, 4), st.integers(1, 12), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_hypervolumes_and_fronts_are_those_of_botorch(g, n, seed):
    points = np.random.default_rng(seed).normal(size=(n, g)).round(1)
    front = not_dominated(points)
    told = torch.as_tensor(points)
    assert front.tolist() == is_non_dominated(told, deduplicate=False).tolist()
    reference = np.full(g, -1.0)
    assert hypervolume(points, reference) == pytest.approx(Hypervolume(torch.as_tensor(reference)).compute(torch.unique(told[torch.as_tensor(front)], dim=0)))


def test_the_reference_is_botorchs_where_none_is_given():
    points = np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0], [-9.0, -9.0]])
    goals = (Goal(readout="a"), Goal(readout="b"))
    # a tenth of the front's range (2) below its worst (1)
    assert reference_of(goals, points).tolist() == pytest.approx([0.8, 0.8])
    assert infer_reference_point(torch.as_tensor(points[:3])).tolist() == pytest.approx([0.8, 0.8])


def test_a_given_worst_value_is_the_reference_in_its_own_unit():
    goals = (Goal(readout="yield", worst=20.0), Goal(readout="cost", direction="min", worst=7.0))
    assert reference_of(goals, scores(goals, np.array([[80.0, 3.0]]))).tolist() == [20.0, -7.0]


def test_joined_desirabilities_by_hand():
    goals = (Goal(readout="yield", low=0.0, high=100.0, weight=2.0), Goal(readout="cost", direction="min", low=2.0, high=10.0))
    values = np.array([[64.0, 2.0], [64.0, 10.0]])  # desirabilities 0.64 and 1; 0.64 and 0
    assert desirability_of(goals, values, geometric=True).tolist() == pytest.approx([0.64 ** (2 / 3), 0.0])
    assert desirability_of(goals, values, geometric=False).tolist() == pytest.approx([(2 * 0.64 + 1) / 3, 2 * 0.64 / 3])
