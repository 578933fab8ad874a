"""Rounds without their journal: refused by whoever opens the workspace, and nothing of theirs is written over."""

from __future__ import annotations

from contextlib import closing

import pytest

from runs.journal.workspace import Workspace
from runs.verbs.open_campaign import attach, begin
from world_model.terms.errors import JournalError


@pytest.fixture
def lost(open_in, put_round, put_protocol, tmp_path):
    """A workspace with a compiled round, closed, and its journal taken away."""
    campaign = open_in(protocol=True)
    put_round(campaign)
    put_protocol(campaign)
    campaign.close()
    workspace = Workspace(tmp_path / "lab")
    workspace.journal_file.unlink()
    return workspace


@pytest.mark.parametrize("opens", [attach, begin])
def test_a_deleted_journal_is_told_with_the_rounds_that_lie_there(lost, charter, space, opens):
    before = {path: path.read_bytes() for path in lost.folder.rglob("*") if path.is_file()}
    with pytest.raises(JournalError, match=r"growth/round-01, found none.*Restore journal.sqlite.*move .* away"):
        opens(charter(protocol=True), space, workspace=lost)
    assert {path: path.read_bytes() for path in lost.folder.rglob("*") if path.is_file()} == before


def test_another_campaigns_journal_in_its_place_is_told_too(lost, charter, space, tmp_path):
    other = begin(charter(name="other"), space, workspace=Workspace(tmp_path / "elsewhere"))
    other.close()
    (tmp_path / "elsewhere" / "journal.sqlite").rename(lost.journal_file)
    with pytest.raises(JournalError, match="found none of campaign 'growth'"):
        attach(charter(protocol=True), space, workspace=lost)
    begin(charter(name="other"), space, workspace=lost).close()  # the other one is at home


def test_moving_the_folder_away_begins_anew(lost, charter, space, tmp_path):
    lost.campaign_folder("growth").rename(tmp_path / "old")
    with closing(begin(charter(protocol=True), space, workspace=lost)) as campaign:
        assert campaign.standing().rounds == ()
    assert (tmp_path / "old").is_dir()
