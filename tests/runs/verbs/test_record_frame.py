"""Frames: matched by id, else by candidate or factors to the oldest pending row; what matches none is new and welcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from runs.state.charter import Charter, space_terms
from runs.state.dataset import dataset
from runs.state.payloads import BatchProposed
from runs.state.progress import experiments_used, pending
from runs.verbs.import_past import import_past
from runs.verbs.open_campaign import begin
from runs.verbs.record_frame import record_frame
from world_model.terms.campaign_doc import Budget
from world_model.terms.errors import ApprovalNeeded, ConflictError, ResultsError
from world_model.terms.goals import Goal, Measurement
from world_model.terms.proposal import Proposal, ProposedExperiment
from world_model.terms.space import SearchSpace


def settled(space, rows, *, measurements=(Measurement(name="yield"),), labels=False):
    """A campaign in memory with one round of these settings."""
    charter = Charter(name="c", goals=(Goal(readout=measurements[0].name),), measurements=measurements, budget=Budget(experiments=50), **space_terms(space))
    campaign = begin(charter, space, workspace=None)
    wells = tuple(
        ProposedExperiment(id=f"R01-{k:03d}", role="candidate", settings=space.candidate_settings(row) if labels else row, candidate=int(space.candidates.labels[row]) if labels else None)
        for k, row in enumerate(rows, start=1)
    )  # fmt: skip
    campaign.append([BatchProposed(proposal=Proposal(round=1, experiments=wells, strategy="by hand", seed=0), version="t", asked=len(wells))], on=campaign.standing())
    return campaign


ROWS = [{"glucose": 5.0, "strain": "K12"}, {"glucose": 5.0, "strain": "K12"}, {"glucose": 9.0, "strain": "BL21"}]


@pytest.fixture
def campaign(space):
    return settled(space, ROWS)


@pytest.fixture
def table():
    frame = pd.DataFrame({"a": np.repeat([1.0, 2.0, 3.0], 2), "b": ["x", "y"] * 3}, index=[10, 11, 12, 13, 14, 15])
    return SearchSpace.from_table(frame)


def values(campaign):
    data = dataset(campaign.standing())
    return dict(zip(data.ids, data.values[:, 0, 0].tolist(), strict=True))


def test_rows_are_matched_by_id_in_any_order(campaign):
    record_frame(campaign, pd.DataFrame({"experiment_id": ["R01-003", "R01-001"], "yield": [3.0, 1.0]}))
    assert values(campaign) == {"R01-001": 1.0, "R01-003": 3.0}


def test_what_propose_hands_out_may_come_back_with_it(campaign):
    frame = pd.DataFrame({"experiment_id": ["R01-001"], "role": ["candidate"], "glucose": [5.0], "strain": ["K12"], "predicted_mean": [0.1], "predicted_sd": [0.1], "repeat_of": [None], "reason": ["x"], "yield": [1.0]})
    record_frame(campaign, frame)
    assert values(campaign) == {"R01-001": 1.0}


def test_exact_factors_match_the_oldest_pending_row_then_the_next_then_none(campaign):
    one = pd.DataFrame({"glucose": [5.0], "strain": ["K12"], "yield": [1.0]})
    record_frame(campaign, one)
    record_frame(campaign, one.assign(**{"yield": 2.0}))
    outcome = record_frame(campaign, one.assign(**{"yield": 3.0}))
    assert values(campaign) == {"R01-001": 1.0, "R01-002": 2.0, "P01-001": 3.0}
    assert "not proposed here" in outcome.messages[0]
    assert [e.id for e in pending(campaign.standing())] == ["R01-003"]
    assert experiments_used(campaign.standing()) == 3  # a row of one's own costs no budget


def test_two_equal_rows_of_one_frame_are_two_wells(campaign):
    record_frame(campaign, pd.DataFrame({"glucose": [5.0, 5.0], "strain": ["K12", "K12"], "yield": [1.0, 2.0]}))
    assert values(campaign) == {"R01-001": 1.0, "R01-002": 2.0}


def test_labels_match_pending_candidates_and_new_ones_bring_their_factors(table):
    campaign = settled(table, [1, 4], labels=True)
    record_frame(campaign, pd.DataFrame({"candidate": [14, 12], "yield": [1.0, 2.0]}))
    assert values(campaign) == {"R01-002": 1.0, "P01-001": 2.0}
    (past,) = campaign.standing().past
    assert (past.candidate, past.settings) == (12, {"a": 2.0, "b": "x"})


def test_factors_of_a_table_find_their_label(table):
    campaign = settled(table, [1], labels=True)
    record_frame(campaign, pd.DataFrame({"a": [3.0], "b": ["y"], "yield": [1.0]}))
    assert campaign.standing().past[0].candidate == 15


def test_long_rows_with_time_make_trajectories(space):
    campaign = settled(space, ROWS, measurements=(Measurement(name="OD600", unit="OD600", at_h=(0, 2)), Measurement(name="GFP", unit="RFU", at_h=(0, 2))))
    long = pd.DataFrame({"experiment_id": "R01-001", "time_h": [0.0, 2.0, 0.0, 2.0], "measurement": ["OD600", "OD600", "GFP", "GFP"], "value": [0.1, 0.5, 10.0, 90.0]})
    record_frame(campaign, long)
    np.testing.assert_allclose(dataset(campaign.standing()).values[0], [[0.1, 10.0], [0.5, 90.0]])
    record_frame(campaign, pd.DataFrame({"experiment_id": "R01-003", "time": [0.0, 2.0], "OD600": [0.2, 0.6], "GFP": [1.0, 2.0]}))
    np.testing.assert_allclose(dataset(campaign.standing()).values[1], [[0.2, 1.0], [0.6, 2.0]])


def test_one_of_two_measurements_may_come_later(space):
    campaign = settled(space, ROWS, measurements=(Measurement(name="yield"), Measurement(name="purity")))
    record_frame(campaign, pd.DataFrame({"experiment_id": ["R01-001"], "yield": [1.0]}))
    record_frame(campaign, pd.DataFrame({"experiment_id": ["R01-001"], "purity": [0.9]}))
    np.testing.assert_allclose(dataset(campaign.standing()).values[0, 0], [1.0, 0.9])


def test_a_failed_row_is_kept_as_failed(campaign):
    record_frame(campaign, pd.DataFrame({"experiment_id": ["R01-001", "R01-002"], "yield": [np.nan, 2.0], "flag": ["failed", "ok"]}))
    data = dataset(campaign.standing())
    assert np.isnan(data.values[0]).all() and data.flags[0, 0, 0] == 3 and data.values[1, 0, 0] == 2.0
    assert [e.id for e in pending(campaign.standing())] == ["R01-003"]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame({"experiment_id": ["R01-001"], "yield": [np.nan]}), "row 0: expected a value of yield.*flag = 'failed'"),
        (pd.DataFrame({"experiment_id": ["R01-001"], "yeild": [1.0]}), "Did you mean 'yield'"),
        (pd.DataFrame({"experiment_id": ["R01-001"]}), "a column for a measurement"),
        (pd.DataFrame({"experiment_id": ["R01-009"], "yield": [1.0]}), "R01-009"),
        (pd.DataFrame({"experiment_id": ["R01-001"], "yield": ["much"]}), "number for yield, found 'much'"),
        (pd.DataFrame({"experiment_id": ["R01-001"], "yield": [np.inf]}), "finite"),
        (pd.DataFrame({"experiment_id": ["R01-001", "R01-001"], "yield": [1.0, 2.0]}), "yield twice"),
        (pd.DataFrame({"glucose": [5.0], "yield": [1.0]}), "no strain"),
        (pd.DataFrame({"glucose": [99.0], "strain": ["K12"], "yield": [1.0]}), "1 to 40 mM, found 99"),
        (pd.DataFrame({"glucose": [5.0], "strain": ["K13"], "yield": [1.0]}), "Did you mean 'K12'"),
        (pd.DataFrame({"glucose": [5.0], "strain": ["K12"], "yield": [1.0], "flag": ["fine"]}), "flag"),
        (pd.DataFrame({"candidate": [3], "yield": [1.0]}), "table of candidates"),
        (pd.DataFrame({"experiment_id": ["R01-001"], "time": [-1.0], "yield": [1.0]}), "at least 0 h"),
        (pd.DataFrame({"experiment_id": [], "yield": []}), "at least one row"),
    ],
)
def test_a_frame_that_is_not_understood_is_refused_whole(campaign, frame, says):
    head = campaign.standing().head
    good = pd.DataFrame({"experiment_id": ["R01-003"], "yield": [3.0]})
    both = pd.concat([good, frame]) if set(frame.columns) == set(good.columns) and len(frame) and "R01-009" not in frame.to_numpy() else frame
    with pytest.raises(ResultsError, match=says.replace("row 0", "row [01]")):
        record_frame(campaign, both)
    assert campaign.standing().head == head


def test_an_unknown_label_and_factors_of_another_row_are_refused(table):
    campaign = settled(table, [0], labels=True)
    with pytest.raises(ResultsError, match="label of a candidate, found 99"):
        record_frame(campaign, pd.DataFrame({"candidate": [99], "yield": [1.0]}))
    with pytest.raises(ResultsError, match="factors of candidate 12"):
        record_frame(campaign, pd.DataFrame({"candidate": [12], "a": [1.0], "b": ["x"], "yield": [1.0]}))


def test_the_same_again_is_told_and_another_value_needs_a_reason(campaign):
    frame = pd.DataFrame({"experiment_id": ["R01-001"], "yield": [1.0]})
    record_frame(campaign, frame)
    with pytest.raises(ConflictError, match="recorded already"):
        record_frame(campaign, frame)
    with pytest.raises(ConflictError, match=r"R01-001 yield: 1.0 → 2.0"):
        record_frame(campaign, frame.assign(**{"yield": 2.0}))
    record_frame(campaign, frame.assign(**{"yield": 2.0}), correct="misread")
    assert values(campaign) == {"R01-001": 2.0}


def test_a_frame_can_not_go_round_the_approval(open_in, put_round):
    campaign = open_in(protocol=True)
    put_round(campaign)
    with pytest.raises(ApprovalNeeded, match="round 1"):
        record_frame(campaign, pd.DataFrame({"experiment_id": ["R01-001"], "time_h": [0.0], "OD600": [0.1]}))


def test_past_results_are_imported_once_and_cost_nothing(campaign, tmp_path):
    file = tmp_path / "past.csv"
    file.write_text("glucose,strain,yield\n5,K12,1.5\n7,BL21,2.5\n")
    import_past(campaign, file)
    assert values(campaign) == {"P01-001": 1.5, "P01-002": 2.5}
    assert experiments_used(campaign.standing()) == 3 and len(pending(campaign.standing())) == 3
    with pytest.raises(ConflictError, match="already recorded"):
        import_past(campaign, file)
    file.write_text("glucose,strain,yield\n5,K12,1.5\n7,BL22,2.5\n")
    with pytest.raises(ResultsError, match="BL21"):
        import_past(campaign, file)
    assert len(campaign.standing().past) == 2
