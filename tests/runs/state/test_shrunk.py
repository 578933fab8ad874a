"""The best under noise: not the luckiest single reading."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nextwell as nw
from runs.state.best import best_so_far
from runs.state.shrunk import shrunk


def test_a_mean_is_drawn_by_the_share_of_variance_that_noise_has():
    """Noise variance 1, means 0, 2, 4 of 1, 4, 4 readings: their variance 4 less the mean of 1/n, 0.5, is 3.5 between points.
    Shares: 3.5 / 4.5 and 3.5 / 3.75; the middle is (0 + 8 + 16) / 9."""
    middle = 24 / 9
    told = shrunk(np.array([0.0, 2.0, 4.0]), np.array([1, 4, 4]), within=6.0, freedom=6)
    assert told == pytest.approx([middle - middle * 3.5 / 4.5, middle + (2 - middle) * 3.5 / 3.75, middle + (4 - middle) * 3.5 / 3.75])


@pytest.mark.parametrize(("counts", "freedom"), [([2, 2, 2], 6), ([1, 4, 4], 3)])
def test_equal_counts_or_unknown_noise_leave_means_alone(counts, freedom):
    assert shrunk(np.array([0.0, 2.0, 4.0]), np.array(counts), within=6.0, freedom=freedom).tolist() == [0.0, 2.0, 4.0]


def test_one_lucky_reading_does_not_beat_a_point_that_was_read_five_times():
    """Point 0.9 was read once at 10.5; point 0.5 five times about 10, point 0.1 five times about 2, with sd 2."""
    campaign = nw.Campaign(space=nw.SearchSpace(factors=[nw.Continuous(name="x", low=0, high=1)]), goals=[nw.Goal(readout="y")], batch=nw.Batch(replicates="auto"))
    scatter = [-2.5, -1.5, 0.0, 1.5, 2.5]
    rows = [(0.5, 10 + s) for s in scatter] + [(0.1, 2 + s) for s in scatter] + [(0.9, 10.5), (0.3, 3.0)]
    campaign.record(pd.DataFrame(rows, columns=["x", "y"]))
    [best] = best_so_far(campaign.state)
    assert best.settings == {"x": 0.5} and best.value == pytest.approx(10) and best.wells == 5
