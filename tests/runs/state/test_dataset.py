"""The data set: settings as done, readings that count, whatever the order of recording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.state.dataset import dataset
from runs.state.payloads import Readings, ResultsRecorded
from runs.state.progress import pending
from runs.verbs.approve import approve
from runs.verbs.open_campaign import begin
from runs.verbs.record import record_content
from world_model.terms.campaign_doc import Batch
from world_model.terms.goals import Goal, Measurement


def same(left, right):
    assert left.ids == right.ids and left.roles == right.roles and left.blocks == right.blocks
    np.testing.assert_array_equal(left.values, right.values)
    np.testing.assert_array_equal(left.flags, right.flags)
    for name in left.settings:
        np.testing.assert_array_equal(left.settings[name], right.settings[name])


@pytest.fixture
def approved(open_in, put_round, put_protocol):
    campaign = open_in(protocol=True)
    put_round(campaign)
    put_protocol(campaign)
    approve(campaign, person="A. Person")
    return campaign


def test_settings_are_those_that_the_pipetting_reached(approved, results_text):
    assert [experiment.settings["glucose"] for experiment in pending(approved.standing())] == [6.01, 31.01, 6.01, 31.01, 10.01]
    record_content(approved, results_text(approved).encode(), name="one.csv")
    data = dataset(approved.standing())
    np.testing.assert_allclose(data.settings["glucose"], [6.01, 31.01, 6.01, 31.01, 10.01])
    assert list(data.settings["strain"]) == ["K12", "BL21", "K12", "BL21", "K12"]
    assert data.blocks == ("growth-R01",) * 5


def test_blanks_teach_nothing_and_values_are_those_of_the_file(approved, results_text):
    record_content(approved, results_text(approved).encode(), name="one.csv")
    data = dataset(approved.standing())
    assert data.ids == ("R01-001", "R01-002", "R01-003", "R01-004", "R01-005")
    # the fixture's formula: 0.05 + 0.1·hour + 0.01·position
    expected = 0.05 + 0.1 * np.array([0, 2, 4])[None, :] + 0.01 * np.arange(5)[:, None]
    np.testing.assert_allclose(data.values[:, :, 0], expected, atol=1e-9)


def test_failed_wells_and_values_above_the_limit_are_flagged_and_nan(approved, results_text):
    text = results_text(approved).replace("B2,4,OD600,0.450", "B2,4,OD600,OVRFLW")
    record_content(approved, text.encode(), name="one.csv", failed={"B3": "bubble"})
    data = dataset(approved.standing())
    assert np.isnan(data.values[0, 2, 0]) and data.flags[0].ravel().tolist() == [0, 0, 2]
    assert np.isnan(data.values[1]).all() and (data.flags[1] == 3).all()
    assert approved.standing().failed == {"R01-002": "bubble"}


def test_a_limit_that_the_file_tells_is_kept_beside_the_flag(approved, results_text):
    text = results_text(approved).replace("B2,4,OD600,0.450", "B2,4,OD600,>4.0")
    record_content(approved, text.encode(), name="one.csv")
    data = dataset(approved.standing())
    assert data.flags[0, 2, 0] == 2 and np.isnan(data.values[0, 2, 0])
    assert data.limits[0, 2, 0] == 4.0
    assert np.isfinite(data.limits).sum() == 1
    assert data.take(np.array([0])).limits.shape == (1, 3, 1)


def test_events_without_a_column_of_limits_are_read_as_telling_none():
    told = Readings.model_validate_json('{"experiment_id": ["a"], "variable": ["y"], "at_h": [null], "value": [1.0], "raw": [1.0], "flag": ["ok"], "well": [""]}')
    assert told.limit == (None,)


@given(st.permutations([("B2",), ("B3", "B4"), ("C2",), ("C3", "C4")]))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_of_a_plate_in_any_order_teach_the_same(tmp_path_factory, charter, space, put_round, put_protocol, results_text, parts):
    from runs.journal.workspace import Workspace

    def campaign():
        opened = begin(charter(protocol=True), space, workspace=Workspace(tmp_path_factory.mktemp("lab")))
        put_round(opened)
        put_protocol(opened)
        approve(opened, person="A. Person")
        return opened

    whole, cut = campaign(), campaign()
    record_content(whole, results_text(whole).encode(), name="whole.csv")
    for i, wells in enumerate(parts):
        record_content(cut, results_text(cut, wells=wells).encode(), name=f"{i}.csv", partial=True)
    same(dataset(cut.standing()), dataset(whole.standing()))
    whole.close(), cut.close()


def test_a_correction_counts_and_the_first_reading_stays_in_the_journal(approved, results_text):
    record_content(approved, results_text(approved).encode(), name="one.csv")
    record_content(approved, results_text(approved, add=0.5).encode(), name="two.csv", correct="wrong gain")
    assert dataset(approved.standing()).values[0, 0, 0] == pytest.approx(0.55)
    assert [block.readings.value[0] for block in approved.standing().blocks] == [pytest.approx(0.05), pytest.approx(0.55)]


def test_end_points_have_one_time_and_it_is_nan(charter, space, put_round):
    campaign = begin(charter(measurements=(Measurement(name="titre"),), goals=(Goal(readout="titre"),), batch=Batch()), space, workspace=None)
    put_round(campaign)
    told = Readings(experiment_id=("R01-001",), variable=("titre",), at_h=(None,), value=(2.5,), raw=(2.5,), flag=("ok",), well=("",))
    campaign.append([ResultsRecorded(round=1, source="x", sha256="0", readings=told)], on=campaign.standing())
    data = dataset(campaign.standing())
    assert data.values.shape == (1, 1, 1) and np.isnan(data.times_h).all() and data.values[0, 0, 0] == 2.5
