"""State is a fold of events: the same events give the same state, however they are cut."""

from __future__ import annotations

import pytest

from runs.journal.event import Draft
from runs.state.fold import fold
from runs.verbs.amend import amend
from runs.verbs.approve import approve
from runs.verbs.record import record_content
from world_model.terms.errors import JournalError


@pytest.fixture
def lived(open_in, put_round, put_protocol, results_text):
    """A campaign with two rounds: one read, one amended."""
    campaign = open_in(protocol=True)
    put_round(campaign)
    put_protocol(campaign)
    approve(campaign, person="A. Person")
    record_content(campaign, results_text(campaign).encode(), name="one.csv", failed={"B3": "bubble"})
    put_round(campaign)
    amend(campaign, reason="too little enzyme", drop=["R02-003"])
    return campaign


def test_a_fold_cut_anywhere_is_the_whole_fold(lived):
    events = list(lived.journal.events("growth"))
    whole = fold(events)
    assert whole == lived.standing()
    for cut in range(len(events) + 1):
        assert fold(events[cut:], fold(events[:cut])) == whole


def test_a_state_opened_again_is_the_same(lived, open_in):
    assert open_in(protocol=True).standing() == lived.standing()


def test_an_amendment_voids_what_was_compiled_and_approved(lived, put_protocol):
    put_protocol(lived)
    approve(lived, person="A. Person")
    assert lived.standing().rounds[1].approval is not None
    amend(lived, reason="again", drop=["R02-004"])
    after = lived.standing().rounds[1]
    assert (after.compiled, after.approval) == (None, None)
    assert dict(after.dropped) == {"R02-003": "too little enzyme", "R02-004": "again"}


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (Draft(type="robot_danced", payload={}), "known type"),
        (Draft(type="batch_amended", payload={"round": 9, "dropped": ["R09-001"], "reason": "x"}), "round of 'growth' from 1 to 2"),
        (Draft(type="batch_amended", payload={"round": 1, "dropped": ["R01-099"], "reason": "x"}), "R01-099"),
        (Draft(type="experiments_failed", payload={"experiments": [{"id": "R07-001", "why": "x"}]}), "R07-001"),
        (Draft(type="batch_amended", payload={"round": 1, "colour": "red", "reason": "x"}), "does not fit"),
        (Draft(type="campaign_opened", payload={}), "does not fit"),
    ],
)
def test_an_event_that_does_not_fit_is_named(lived, draft, says):
    lived.journal.append("growth", [draft], actor="somebody")
    with pytest.raises(JournalError, match=says):
        lived.state()


def test_the_first_event_must_open_the_campaign(lived):
    events = list(lived.journal.events("growth"))
    with pytest.raises(JournalError, match="campaign_opened"):
        fold(events[1:])
