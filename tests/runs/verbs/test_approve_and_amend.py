"""An approval binds what lies on disk; an amendment keeps ids, reasons and the budget."""

from __future__ import annotations

import pytest

from runs.state.progress import experiments_used
from runs.verbs.amend import amend
from runs.verbs.approve import approve, approve_simulated, edited_after_approval
from runs.verbs.compile_round import compile_round, drawn_before
from runs.verbs.record import record_content
from runs.verbs.settings_text import read_failed, read_settings, read_swap
from world_model.terms.errors import ConflictError, DesignError, ResultsError, VerificationError


@pytest.fixture
def proposed(open_in, put_round):
    campaign = open_in(protocol=True)
    put_round(campaign)
    return campaign


def test_an_approval_names_the_person_and_the_files(proposed, put_protocol):
    put_protocol(proposed)
    approval = approve(proposed, person=" A. Person ", comment="read it").round.approval
    assert (approval.person, approval.policy, approval.comment) == ("A. Person", None, "read it")
    assert [file.name for file in approval.files] == ["setup.py", "wells.csv"]


def test_a_simulated_lab_is_approved_by_policy(proposed, put_protocol):
    put_protocol(proposed)
    approval = approve_simulated(proposed).round.approval
    assert (approval.person, approval.policy) == (None, "simulated")


def test_a_file_edited_after_compiling_is_not_approved(proposed, put_protocol):
    folder = put_protocol(proposed)
    (folder / "setup.py").write_text("# another protocol\n")
    with pytest.raises(VerificationError, match="setup.py has SHA-256"):
        approve(proposed, person="A. Person")
    (folder / "setup.py").unlink()
    with pytest.raises(VerificationError, match="setup.py is missing"):
        approve(proposed, person="A. Person")
    assert proposed.standing().rounds[0].approval is None


def test_an_approval_needs_a_name_and_a_protocol(proposed, put_protocol):
    with pytest.raises(ConflictError, match="nextwell compile"):
        approve(proposed, person="A. Person")
    put_protocol(proposed)
    with pytest.raises(ConflictError, match="--by"):
        approve(proposed, person="  ")


def test_an_approval_after_the_results_is_refused(proposed, put_protocol, results_text):
    put_protocol(proposed)
    approve(proposed, person="A. Person")
    record_content(proposed, results_text(proposed).encode(), name="one.csv")
    with pytest.raises(ConflictError, match="before the experiment"):
        approve(proposed, person="B. Person", round=1)


def test_without_a_lab_file_there_is_nothing_to_compile(proposed):
    with pytest.raises(ConflictError, match="no|none named"):
        compile_round(proposed)


def test_stocks_remember_what_approved_plates_drew(proposed, put_protocol, put_round):
    put_protocol(proposed)
    assert drawn_before(proposed.standing(), 2) == {}
    approve(proposed, person="A. Person")
    assert drawn_before(proposed.standing(), 2) == {"water": 100.0}
    assert drawn_before(proposed.standing(), 1) == {}


def test_a_dropped_candidate_takes_its_replicates_along_and_gives_its_budget_back(proposed):
    after = amend(proposed, reason="no more of it", drop=["R01-001"])
    assert [e.id for e in after.round.experiments] == ["R01-002", "R01-004", "R01-005", "R01-006"]
    assert experiments_used(after.state) == 4


def test_a_dropped_replicate_goes_alone(proposed):
    assert [e.id for e in amend(proposed, reason="x", drop=["R01-003"]).round.experiments] == ["R01-001", "R01-002", "R01-004", "R01-005", "R01-006"]


def test_a_swap_gives_new_ids_and_its_replicates_follow(proposed):
    after = amend(proposed, reason="try less", swap={"R01-002": {"glucose": 2.0, "strain": "BL21"}}).round
    into = {e.id: e for e in after.experiments}
    assert set(into) == {"R01-001", "R01-007", "R01-003", "R01-008", "R01-005", "R01-006"}
    assert into["R01-007"].settings == into["R01-008"].settings == {"glucose": 2.0, "strain": "BL21"}
    assert (into["R01-008"].role, into["R01-008"].repeat_of) == ("replicate", "R01-007")


def test_an_id_is_never_used_again(proposed):
    amend(proposed, reason="x", add=[{"glucose": 2.0, "strain": "K12"}])
    amend(proposed, reason="x", drop=["R01-007"])
    after = amend(proposed, reason="x", add=[{"glucose": 3.0, "strain": "K12"}])
    assert [e.id for e in after.round.experiments][-2:] == ["R01-009", "R01-010"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"drop": ["R01-099"]}, "R01-099"),
        ({"add": [{"glucose": 99.0, "strain": "K12"}]}, "1 to 40 mM, found 99"),
        ({"add": [{"glucose": 9.0}]}, "strain: missing"),
        ({"swap": {"R01-003": {"glucose": 9.0, "strain": "K12"}}}, "a replicate"),
        ({"drop": ["R01-001"], "swap": {"R01-001": {"glucose": 9.0, "strain": "K12"}}}, "dropped or swapped"),
        ({}, "nothing"),
    ],
)
def test_an_amendment_outside_the_rules_changes_nothing(proposed, change, says):
    head = proposed.standing().head
    with pytest.raises(DesignError, match=says):
        amend(proposed, reason="x", **change)
    assert proposed.standing().head == head


def test_an_amendment_needs_a_reason_and_room_in_the_budget(proposed):
    with pytest.raises(DesignError, match="reason"):
        amend(proposed, reason=" ", drop=["R01-001"])
    with pytest.raises(ConflictError, match="budget of 18 experiments, found 6 used and 14 more"):
        amend(proposed, reason="x", add=[{"glucose": 2.0 + i, "strain": "K12"} for i in range(7)])


def test_a_round_with_results_is_not_amended(proposed, put_protocol, results_text):
    put_protocol(proposed)
    approve(proposed, person="A. Person")
    record_content(proposed, results_text(proposed, wells=("B2",)).encode(), name="one.csv", partial=True)
    with pytest.raises(ConflictError, match="1 experiments of round 1 answered"):
        amend(proposed, reason="x", drop=["R01-002"])


def test_settings_are_read_as_they_are_typed(space):
    assert read_settings("glucose=2.5, strain=BL21", space) == {"glucose": 2.5, "strain": "BL21"}
    assert read_settings('{"glucose": 2.5, "strain": "BL21"}', space) == {"glucose": 2.5, "strain": "BL21"}
    assert read_swap("R01-001: glucose=2", space) == ("R01-001", {"glucose": 2.0})
    assert read_failed(["H7=a bubble"]) == {"H7": "a bubble"}
    for text, says in (("glucos=2", "Did you mean 'glucose'"), ("glucose=much", "number for glucose"), ("glucose", "factor=value")):
        with pytest.raises(DesignError, match=says):
            read_settings(text, space)
    with pytest.raises(ResultsError, match="WHY"):
        read_failed(["H7"])


def test_a_file_edited_after_its_approval_is_told_when_results_come(proposed, put_protocol, results_text):
    folder = put_protocol(proposed)
    approve(proposed, person="A. Person")
    assert edited_after_approval(proposed, proposed.standing().rounds) == ()
    (folder / "setup.py").write_text("# another protocol\n")
    (told,) = edited_after_approval(proposed, proposed.standing().rounds)
    assert told.startswith("Round 1: not as approved: setup.py has SHA-256")
    outcome = record_content(proposed, results_text(proposed).encode(), name="r.csv")
    assert told in outcome.messages
