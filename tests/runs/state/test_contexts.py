"""Donors, batches and days of experiments: declared, recorded, corrected, and what the data set tells of them."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from runs.state.dataset import dataset
from runs.verbs.approve import approve
from runs.verbs.context_text import read_contexts
from runs.verbs.open_campaign import begin
from runs.verbs.record import record_content
from runs.verbs.record_frame import import_frame
from world_model.terms.contexts import Context
from world_model.terms.errors import ConflictError, ResultsError

DONOR = Context(name="donor", kind="donor", levels=("D1", "D2", "D3"))
DAY = Context(name="day", kind="day")


@pytest.fixture
def campaign(charter, space, put_round):
    opened = begin(charter(contexts=(DONOR, DAY)), space, workspace=None)
    put_round(opened)
    return opened


@pytest.fixture
def approved(open_in, put_round, put_protocol):
    opened = open_in(protocol=True, contexts=(DONOR, DAY))
    put_round(opened)
    put_protocol(opened)
    approve(opened, person="A. Person")
    return opened


def test_a_file_recorded_for_a_donor_is_of_that_donor(approved, results_text):
    record_content(approved, results_text(approved).encode(), name="one.csv", contexts={"donor": "D3"})
    data = dataset(approved.standing())
    assert list(data.contexts["donor"]) == ["D3"] * 5
    assert list(data.contexts["day"]) == [""] * 5


def test_a_correction_may_move_a_file_to_another_donor(approved, results_text):
    record_content(approved, results_text(approved).encode(), name="one.csv", contexts={"donor": "D3", "day": "Monday"})
    record_content(approved, results_text(approved, add=0.1).encode(), name="two.csv", contexts={"donor": "D2"}, correct="the other donor's plate")
    data = dataset(approved.standing())
    assert list(data.contexts["donor"]) == ["D2"] * 5
    assert list(data.contexts["day"]) == ["Monday"] * 5


def test_a_forgotten_donor_is_told_and_can_be_added_to_the_same_file(approved, results_text):
    text = results_text(approved).encode()
    first = record_content(approved, text, name="one.csv", contexts={"day": "Monday"})
    assert [message for message in first.messages if "No donor is told of 5 experiments" in message and "--correct" in message]
    assert not any("No day" in message for message in first.messages)
    with pytest.raises(ConflictError, match="already recorded"):
        record_content(approved, text, name="one.csv", contexts={"donor": "D3"})
    again = record_content(approved, text, name="one.csv", contexts={"donor": "D3"}, correct="forgotten")
    data = dataset(approved.standing())
    assert list(data.contexts["donor"]) == ["D3"] * 5 and list(data.contexts["day"]) == ["Monday"] * 5
    assert not any("No donor" in message for message in again.messages)
    with pytest.raises(ConflictError, match="every one of its"):
        record_content(approved, text, name="one.csv", contexts={"donor": "D3"}, correct="again")


@pytest.mark.parametrize(
    ("told", "says"), [({"doner": "D3"}, "Did you mean 'donor'"), ({"donor": "D9"}, "one of 3 levels, found 'D9'"), ({"donor": " "}, "expected a level")]
)
def test_an_unknown_context_or_level_is_refused_and_nothing_is_taken(approved, results_text, told, says):
    with pytest.raises(ResultsError, match=says):
        record_content(approved, results_text(approved).encode(), name="one.csv", contexts=told)
    assert not approved.standing().blocks


def test_past_results_tell_contexts_by_column(campaign):
    space = campaign.space
    rows = [{**{f.name: f.levels[0] if f.kind == "categorical" else f.bounds[k % 2] for f in space.factors}, "OD600": 0.5, "time_h": 4.0, "donor": f"D{k % 3 + 1}"} for k in range(2)]
    import_frame(campaign, pd.DataFrame(rows), source="past.csv", content=b"past")
    assert list(dataset(campaign.standing()).contexts["donor"]) == ["D1", "D2"]
    with pytest.raises(ResultsError, match="donor: expected one of 3 levels, found 'X'"):
        import_frame(campaign, pd.DataFrame([{**rows[0], "donor": "X"}]), source="more.csv", content=b"more")


def test_contexts_on_the_command_line_are_pairs():
    assert read_contexts(["donor=D3", "day = 2026-11-22"]) == {"donor": "D3", "day": "2026-11-22"}
    with pytest.raises(ResultsError, match="NAME=LEVEL"):
        read_contexts(["D3"])
    with pytest.raises(ResultsError, match="'donor' twice"):
        read_contexts(["donor=D3", "donor=D2"])


def test_levels_twice_are_refused():
    with pytest.raises(ValidationError, match="distinct levels"):
        Context(name="donor", levels=("a", "a"))
