"""The journal: what was acknowledged is there, in order, and a change to it is seen."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.journal.canonical import canonical_json, sha256_of
from runs.journal.event import Draft
from runs.journal.raw_files import FolderRawFiles
from runs.journal.store import Journal
from world_model.terms.errors import ConflictError, JournalError, VerificationError

WRITER = """
import sys
from pathlib import Path
from runs.journal.event import Draft
from runs.journal.store import Journal

journal = Journal.open(Path(sys.argv[1]))
n = len(list(journal.events("c")))
while True:
    n += 1
    journal.append("c", [Draft(type="t", payload={"n": n, "rows": list(range(500))})], actor="writer")
    print(n, flush=True)
"""


def _three(journal: Journal) -> None:
    for n in range(3):
        journal.append("c", [Draft(type="t", payload={"n": n})], actor="a")


def test_events_come_back_in_the_order_of_appending_and_by_campaign(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        journal.append("one", [Draft(type="t", payload={"n": 1}), Draft(type="t", payload={"n": 2})], actor="a")
        journal.append("two", [Draft(type="t", payload={"n": 3})], actor="a")
        journal.append("one", [Draft(type="t", payload={"n": 4})], actor="a")
    with Journal.open(tmp_path / "journal.sqlite") as again:
        assert [event.payload["n"] for event in again.events("one")] == [1, 2, 4]
        assert [event.payload["n"] for event in again.events(after=2)] == [3, 4]
        assert again.campaigns() == ("one", "two")


def test_what_a_connection_promises_is_what_durability_needs(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite") as journal, journal._engine.connect() as connection:
        told = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}  # 2 is FULL


def test_all_of_an_append_is_written_or_none(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        with pytest.raises(JournalError, match="JSON"):
            journal.append("c", [Draft(type="t", payload={"n": 1}), Draft(type="t", payload={"n": float("nan")})], actor="a")
        assert list(journal.events()) == []


def test_a_decision_on_a_state_that_has_moved_on_is_refused(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        _three(journal)
        with pytest.raises(ConflictError, match="found event 3"):
            journal.append("c", [Draft(type="t", payload={})], actor="a", head=2)
        journal.append("other", [Draft(type="t", payload={})], actor="a", head=0)
        journal.append("c", [Draft(type="t", payload={})], actor="a", head=3)
        assert len(list(journal.events())) == 5


@pytest.mark.parametrize("statement", ["UPDATE event SET actor = 'somebody'", "DELETE FROM event WHERE seq = 2"])
def test_the_table_refuses_to_be_changed(tmp_path: Path, statement: str) -> None:
    file = tmp_path / "journal.sqlite"
    with Journal.open(file) as journal:
        _three(journal)
    with sqlite3.connect(file) as plain, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        plain.execute(statement)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE event SET payload = '{\"n\":9}' WHERE seq = 2", "event 2"),
        ("UPDATE event SET actor = 'somebody' WHERE seq = 3", "event 3"),
        ("DELETE FROM event WHERE seq = 2", "event 3"),
        ("DELETE FROM event WHERE seq = 1", "event 2"),
    ],
)
def test_a_change_behind_the_triggers_is_named_on_opening(tmp_path: Path, statement: str, names: str) -> None:
    file = tmp_path / "journal.sqlite"
    with Journal.open(file) as journal:
        _three(journal)
    with sqlite3.connect(file) as plain:
        plain.execute("DROP TRIGGER event_no_update")
        plain.execute("DROP TRIGGER event_no_delete")
        plain.execute(statement)
    with pytest.raises(VerificationError, match=names):
        Journal.open(file)


@pytest.mark.parametrize("content", [b"not a database at all, but text of some length" * 30, b"SQLite format 3\x00" + b"\xff" * 2000])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "journal.sqlite"
    file.write_bytes(content)
    with pytest.raises(JournalError, match="backup"):
        Journal.open(file)
    assert file.read_bytes() == content


def test_killed_in_mid_write_it_opens_and_has_every_acknowledged_event(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    acknowledged = 0
    for attempt in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
        assert writer.stdout is not None
        acknowledged = int(writer.stdout.readline())
        time.sleep(0.05 + 0.04 * attempt)
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = int(([str(acknowledged), *writer.stdout.read().split("\n")[:-1]])[-1])
        writer.wait()
        # an outside judge first: plain sqlite3, not our code
        with sqlite3.connect(file) as plain:
            assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert plain.execute("SELECT count(*), max(seq) FROM event").fetchone()[1] >= acknowledged
        with Journal.open(file) as journal:
            numbers = [event.payload["n"] for event in journal.events("c")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert acknowledged <= len(numbers) <= acknowledged + 1  # at most the one in flight is there without its acknowledgement


def test_two_processes_write_without_a_locked_database(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    Journal.open(file).close()
    script = WRITER.replace("while True:", "for _ in range(25):")
    writers = [subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    with Journal.open(file) as journal:
        assert journal.verify() == 50


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=5))
@settings(max_examples=150, deadline=None)
def test_a_payload_comes_back_equal_and_the_chain_holds(payload: dict[str, object]) -> None:
    with Journal.in_memory() as journal:
        journal.append("c", [Draft(type="t", payload=payload)], actor="a")
        (event,) = journal.events("c")
        assert canonical_json(event.payload) == canonical_json(payload)
        assert journal.verify() == 1


def test_a_raw_file_is_kept_once_under_its_hash(tmp_path: Path) -> None:
    raw = FolderRawFiles(tmp_path / "raw")
    first, second = raw.keep(b"a,b\n1,2\n", suffix=".csv"), raw.keep(b"a,b\n1,2\n", suffix=".csv")
    assert first == second == sha256_of("a,b\n1,2\n")
    assert [file.name for file in (tmp_path / "raw").iterdir()] == [f"{first}.csv"]
    assert raw.read(first, suffix=".csv") == b"a,b\n1,2\n"
    with pytest.raises(JournalError, match="backup"):
        raw.read("0" * 64, suffix=".csv")
