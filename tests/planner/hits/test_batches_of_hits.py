"""A batch of hits outside a table, and what is told of its worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nextwell as nw
from world_model.terms.goals import Goal
from world_model.terms.stop import Stop, stop_faults


def test_every_well_of_a_small_batch_is_a_likely_hit_also_in_a_space_that_is_no_table():
    """Hits are a fifth of the space, and the readings say which: a sure hit makes the others worth no less."""
    space = nw.SearchSpace(factors=[nw.Continuous(name="a", low=0, high=1), nw.Continuous(name="b", low=0, high=1)])
    campaign = nw.Campaign(space=space, goals=[nw.Goal(readout="y", direction="hits", at_least=-0.2)], seed=0)
    done = pd.DataFrame(np.random.default_rng(0).random((12, 2)), columns=["a", "b"])
    campaign.record(done.assign(y=-done["a"]))
    batch = campaign.propose(4)
    assert (batch["a"] <= 0.2).all() and not batch[["a", "b"]].duplicated().any()
    report = campaign.stop_report(2)
    assert not report.stop and not report.findings and "one best experiment" in report.advice


@pytest.mark.parametrize("goal", [Goal(readout="y", direction="hits", at_least=1.0), Goal(readout="y", direction="information")])
def test_a_gain_to_stop_by_needs_one_best_experiment(goal):
    (fault,) = stop_faults(Stop(gain_below=0.1), [goal])
    assert fault.key == "gain_below" and "one best experiment" in fault.expected
