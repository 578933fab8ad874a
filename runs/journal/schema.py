"""The one table of the journal, append-only by trigger, and how its connections are set up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, Text, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from world_model.terms.errors import JournalError

metadata = MetaData()
event_table = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("campaign", String(200), nullable=False, index=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("type", String(60), nullable=False),
    Column("schema_v", Integer, nullable=False),
    Column("recorded_at", String(40), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("payload", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)
_TRIGGERS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS event_no_{verb.lower()} BEFORE {verb} ON event "
    f"BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)  # fmt: skip
BUSY_TIMEOUT_MS = 30_000
# set on connections that only read: a reader must not wait for the writers' lock, nor hold it
READING = "nextwell_reading"


def open_engine(url: str) -> Engine:
    """An engine whose transactions are durable when `commit` returns.

    Writing transactions always start with BEGIN IMMEDIATE: a transaction that starts by reading can't become a writer
    while another one writes, and fails with "database is locked" however long the timeout.

    Raises:
        JournalError: the file is no SQLite database, or its folder can't hold a write-ahead log.
    """
    in_memory = url == "sqlite://"
    extra: dict[str, Any] = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}} if in_memory else {}
    engine = create_engine(url, **extra)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # the driver's own transaction handling would start them late and as readers
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        mode = cursor.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()
        if not in_memory and mode != "wal":
            raise JournalError(f"Expected a folder that can hold a write-ahead log, found journal mode {mode!r}. Keep the workspace on a local disk.")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READING) else "BEGIN IMMEDIATE")

    return engine


def create_tables(engine: Engine) -> None:
    """The table and its triggers, where they do not exist. A journal that has them is not written to: readers never write."""
    with engine.connect().execution_options(**{READING: True}) as connection:
        names = set(connection.execute(text("SELECT name FROM sqlite_master")).scalars())
    if {"event", "event_no_update", "event_no_delete"} <= names:
        return
    with engine.begin() as connection:
        metadata.create_all(connection)
        for trigger in _TRIGGERS:
            connection.execute(text(trigger))
