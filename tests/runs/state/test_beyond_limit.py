"""What lay beyond the reader's limit on the goal's good side may be the best: it is named, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from runs.report.report import write_report
from runs.state.best import best_so_far
from runs.state.beyond_limit import beyond_limit
from runs.state.dataset import dataset
from runs.verbs.approve import approve
from runs.verbs.record import record_content
from world_model.terms.goals import Goal
from world_model.terms.readings import FLAGS, Dataset

HOURS = np.array([0.0, 2.0, 4.0])


def curves(rows, flags=None, roles=None):
    """One observable; a text in `rows` is the flag of a reading without a number."""
    values = np.array([[np.nan if isinstance(cell, str) else cell for cell in row] for row in rows], dtype=float)[:, :, None]
    told = np.array([[FLAGS.index(cell if isinstance(cell, str) else "ok") for cell in row] for row in rows])[:, :, None]
    n = len(rows)
    return Dataset(
        ids=tuple(f"R01-{i + 1:03d}" for i in range(n)), settings={"x": np.arange(n, dtype=float)}, roles=roles or ("candidate",) * n,
        blocks=("P",) * n, times_h=HOURS, variables=("GFP",), values=values, flags=told,
    )  # fmt: skip


ABOVE, BELOW = "above limit", "below limit"


@pytest.mark.parametrize(
    ("take", "direction", "hidden", "named"),
    [
        ("end", "maximise", [1.0, 2.0, ABOVE], True),
        ("end", "maximise", [1.0, ABOVE, 3.0], False),  # the end was read
        ("end", "maximise", [1.0, 2.0, BELOW], False),  # too low can't be the best
        ("end", "maximise", [1.0, 2.0, "failed"], False),
        ("peak", "maximise", [1.0, ABOVE, 3.0], True),
        ("area", "maximise", [1.0, ABOVE, 3.0], True),
        ("end", "minimise", [1.0, 2.0, BELOW], True),
        ("end", "minimise", [1.0, 2.0, ABOVE], False),
        ("peak", "minimise", [BELOW, 2.0, 3.0], False),  # its peak was read
        ("peak", "minimise", [BELOW, BELOW, BELOW], True),
    ],
)
def test_only_a_mark_that_may_hide_the_best_is_named(take, direction, hidden, named):
    goal = Goal(readout="GFP", direction=direction, take=take)
    found = beyond_limit(goal, curves([[1.0, 2.0, 9.0], hidden]))
    assert (found is not None) == named
    if found is not None:
        assert found.experiment_ids == ("R01-002",)
        assert f"R01-002 lies {'above' if direction == 'maximise' else 'below'} the reader's limit and may be better than the best told" in str(found)


def test_a_control_beyond_the_limit_does_not_compete():
    assert beyond_limit(Goal(readout="GFP"), curves([[1.0, 2.0, 3.0], [1.0, 2.0, ABOVE]], roles=("candidate", "control"))) is None


def test_status_and_report_name_the_best_that_overflowed(open_in, put_round, put_protocol, results_text, tmp_path):
    campaign = open_in(protocol=True)
    put_round(campaign)
    put_protocol(campaign)
    approve(campaign, person="A. Person")
    # B3 and C2 are one condition, candidate and replicate, and the two best readings of the plate's candidates
    text = results_text(campaign)
    for well, value in (("B3", "0.460"), ("C2", "0.480")):
        assert f"{well},4,OD600,{value}" in text
        text = text.replace(f"{well},4,OD600,{value}", f"{well},4,OD600,OVRFLW")
    record_content(campaign, text.encode(), name="one.csv")
    state = campaign.standing()
    data = dataset(state)
    assert best_so_far(state)[0].experiment_id == "R01-001"
    found = beyond_limit(state.charter.goals[0], data)
    assert found is not None and found.experiment_ids == ("R01-002", "R01-004")
    page = write_report(state, folder=tmp_path / "report", space=campaign.space).read_text()
    assert "R01-002, R01-004 lie above the reader" in page
    campaign.close()
