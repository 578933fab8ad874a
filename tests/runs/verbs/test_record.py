"""Results files: nothing before approval, nothing twice, nothing lost, nothing in part."""

from __future__ import annotations

import pytest

from runs.state.dataset import dataset
from runs.state.known_readings import incomplete
from runs.state.progress import waiting
from runs.verbs.approve import approve
from runs.verbs.record import record_content, record_file
from world_model.terms.errors import ApprovalNeeded, ConflictError, ResultsError


@pytest.fixture
def compiled(open_in, put_round, put_protocol):
    campaign = open_in(protocol=True)
    put_round(campaign)
    put_protocol(campaign)
    return campaign


@pytest.fixture
def approved(compiled):
    approve(compiled, person="A. Person")
    return compiled


def nothing_taken(campaign, head):
    return campaign.standing().head == head and not campaign.standing().answered


def test_results_before_approval_are_refused(compiled, results_text):
    head = compiled.standing().head
    with pytest.raises(ApprovalNeeded, match="approval of round 1.*nextwell approve"):
        record_content(compiled, results_text(compiled).encode(), name="one.csv")
    assert nothing_taken(compiled, head)


def test_results_before_anything_was_compiled_are_refused(open_in, put_round):
    campaign = open_in(protocol=True)
    put_round(campaign)
    with pytest.raises(ApprovalNeeded, match="none compiled"):
        record_content(campaign, b"experiment_id,time_h,measurement,value,unit\n", name="one.csv")


def test_results_before_any_proposal_are_refused(open_in):
    with pytest.raises(ConflictError, match="nextwell import"):
        record_content(open_in(), b"x", name="one.csv")


def test_without_a_protocol_no_approval_is_asked_for(open_in, put_round):
    campaign = open_in()
    put_round(campaign)
    rows = [f"{e.id},{hour},OD600,0.5,OD600" for e in campaign.standing().rounds[0].experiments for hour in (0, 2, 4)]
    record_content(campaign, ("experiment_id,time_h,measurement,value,unit\n" + "\n".join(rows)).encode(), name="one.csv")
    assert len(dataset(campaign.standing())) == 5


def test_the_same_file_twice_says_when_it_was_recorded(approved, results_text):
    text = results_text(approved).encode()
    record_content(approved, text, name="one.csv")
    head = approved.standing().head
    with pytest.raises(ConflictError, match=r"already recorded on 2\d\d\d-.*as 'one.csv'"):
        record_content(approved, text, name="renamed.csv")
    assert approved.standing().head == head


def test_the_same_readings_in_another_file_are_known_again(approved, results_text):
    record_content(approved, results_text(approved).encode(), name="one.csv")
    reordered = "\n".join([results_text(approved).split("\n")[0], *reversed(results_text(approved).strip().split("\n")[1:])])
    with pytest.raises(ConflictError, match="recorded already"):
        record_content(approved, reordered.encode(), name="two.csv")


def test_differing_readings_need_a_reason(approved, results_text):
    record_content(approved, results_text(approved).encode(), name="one.csv")
    before = dataset(approved.standing()).values.copy()
    with pytest.raises(ConflictError, match="18 that differ.*B2 OD600 at 0 h.*--correct"):
        record_content(approved, results_text(approved, add=0.3).encode(), name="two.csv")
    assert (dataset(approved.standing()).values == before).all()
    record_content(approved, results_text(approved, add=0.3).encode(), name="two.csv", correct="wrong plate in the reader")
    assert dataset(approved.standing()).values[0, 0, 0] == pytest.approx(before[0, 0, 0] + 0.3)


def test_the_raw_file_is_kept_byte_for_byte(approved, results_text, tmp_path):
    text = results_text(approved).replace("\n", "\r\n")
    file = tmp_path / "reader.csv"
    file.write_bytes(text.encode())
    record_file(approved, file)
    (sha256,) = approved.standing().sources
    assert approved.raw.read(sha256, suffix=".csv") == text.encode()


def test_a_file_of_another_plate_is_refused_whole(approved, results_text):
    head = approved.standing().head
    with pytest.raises(ResultsError, match="growth-R09"):
        record_content(approved, results_text(approved).replace("growth-R01", "growth-R09").encode(), name="one.csv")
    assert nothing_taken(approved, head)


def test_a_truncated_file_is_refused_whole_and_taken_when_declared_partial(approved, results_text):
    text = results_text(approved, wells=("B2", "B3")).encode()
    head = approved.standing().head
    with pytest.raises(ResultsError, match="partial"):
        record_content(approved, text, name="one.csv")
    assert nothing_taken(approved, head)
    record_content(approved, text, name="one.csv", partial=True)
    assert [e.id for e in waiting(approved.standing(), approved.standing().rounds[0])] == ["R01-003", "R01-004", "R01-005"]


def test_what_a_partial_file_lacks_is_told_until_it_comes(approved, results_text):
    record_content(approved, results_text(approved, hours=(0, 2)).encode(), name="early.csv", partial=True)
    state = approved.standing()
    assert incomplete(state, state.rounds[0]) == dict.fromkeys(("R01-001", "R01-002", "R01-003", "R01-004", "R01-005"), 1)
    outcome = record_content(approved, results_text(approved).encode(), name="late.csv")
    assert any("12 readings were recorded before" in message for message in outcome.messages)
    state = approved.standing()
    assert incomplete(state, state.rounds[0]) == {}


def test_a_file_of_an_earlier_plate_finds_its_round(approved, put_round, put_protocol, results_text):
    put_round(approved)
    put_protocol(approved)  # not approved: that must not stand in the way of round 1
    outcome = record_content(approved, results_text(approved, 1).encode(), name="one.csv")
    assert outcome.round is not None and outcome.round.number == 1
    with pytest.raises(ApprovalNeeded, match="round 2"):
        record_content(approved, results_text(approved, 2).encode(), name="two.csv")


def test_a_missing_file_is_told(approved, tmp_path):
    with pytest.raises(ResultsError, match="No such file"):
        record_file(approved, tmp_path / "nowhere.csv")


def test_two_shells_at_once_one_wins_and_the_other_is_told(approved, open_in, results_text):
    other = open_in(protocol=True)
    stale = other.standing()
    record_content(approved, results_text(approved).encode(), name="one.csv")
    from runs.state.payloads import ExperimentsFailed, Failure

    with pytest.raises(ConflictError, match="another process"):
        other.append([ExperimentsFailed(experiments=(Failure(id="R01-001", why="x"),))], on=stale)
