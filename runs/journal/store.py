"""The journal: events appended in one transaction, acknowledged after commit, checked when opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import Engine, Row, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from world_model.terms.errors import ConflictError, JournalError, VerificationError

from .canonical import canonical_json
from .event import GENESIS, SCHEMA_V, Draft, Event, check_chain, event_hash
from .schema import READING, create_tables, event_table, open_engine


class Journal:
    """An append-only event table in SQLite. `where` names it in messages."""

    def __init__(self, engine: Engine, *, where: str) -> None:
        self._engine = engine
        self.where = where

    @classmethod
    def open(cls, file: Path) -> Journal:
        """Open or start the journal in a file, and check its hash chain.

        Raises:
            JournalError: the file is no journal, or can't be opened or written.
            VerificationError: an event was changed, put in, taken out or moved; nothing is read from such a journal.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            return cls._opened(f"sqlite:///{file}", where=str(file))
        except OSError as fault:
            raise JournalError(f"{file}: expected a folder that can be written, found: {fault.strerror}. Name another one with --workspace.") from fault

    @classmethod
    def in_memory(cls) -> Journal:
        """A journal that lives as long as the process; nothing of it is kept."""
        return cls._opened("sqlite://", where="journal in memory")

    @classmethod
    def _opened(cls, url: str, *, where: str) -> Journal:
        engine = open_engine(url)
        try:
            create_tables(engine)
            journal = cls(engine, where=where)
            check_chain(journal.events(), where=where)
        except (DBAPIError, sqlite3.Error) as fault:
            engine.dispose()
            told = getattr(fault, "orig", None) or fault
            raise JournalError(f"{where}: expected a journal, found a file that can't be read as one ({told}). Restore it from a backup, or name another workspace.") from fault
        except (JournalError, VerificationError):
            engine.dispose()
            raise
        return journal

    def append(self, campaign: str, drafts: Sequence[Draft], *, actor: str, head: int | None = None) -> tuple[Event, ...]:
        """Write events in one transaction; when this returns they are on disk.

        Args:
            head: the campaign's last `seq` that the decision was based on (0: none); None where it doesn't matter.

        Raises:
            ConflictError: the campaign has moved on since `head`; nothing is written.
            JournalError: the disk is full or fails; nothing is written, and what was written before stays readable.
        """
        texts = [canonical_json(dict(draft.payload)) for draft in drafts]
        written: list[Event] = []
        try:
            with self._engine.begin() as connection:
                if head is not None:
                    self._refuse_stale(connection, campaign, head)
                last = connection.execute(select(event_table.c.seq, event_table.c.hash).order_by(event_table.c.seq.desc()).limit(1)).first()
                seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
                for draft, text in zip(drafts, texts, strict=True):
                    seq += 1
                    event = _sealed(draft, text, campaign=campaign, actor=actor, seq=seq, prev_hash=previous)
                    connection.execute(insert(event_table).values(_as_row(event)))
                    previous = event.hash
                    written.append(event)
        except DBAPIError as fault:
            raise JournalError(f"{self.where}: expected to write {len(drafts)} events, found: {fault.orig}. Nothing was written; free some space or close the other program, and try again.") from fault
        return tuple(written)

    def events(self, campaign: str | None = None, *, after: int = 0) -> Iterator[Event]:
        """The events in their order: of one campaign or of all, behind a `seq`."""
        query = select(event_table).where(event_table.c.seq > after).order_by(event_table.c.seq)
        if campaign is not None:
            query = query.where(event_table.c.campaign == campaign)
        with self._engine.connect().execution_options(**{READING: True}) as connection:
            rows = connection.execute(query).all()
        # read to the end first: a caller may append while it goes through them
        return iter([_from_row(row) for row in rows])

    def campaigns(self) -> tuple[str, ...]:
        """The names of the campaigns that have events, in the order of their first."""
        query = select(event_table.c.campaign).group_by(event_table.c.campaign).order_by(func.min(event_table.c.seq))
        with self._engine.connect().execution_options(**{READING: True}) as connection:
            return tuple(connection.execute(query).scalars())

    def verify(self) -> int:
        """Check the whole chain again; returns how many events there are.

        Raises:
            VerificationError: names the first event that doesn't fit.
        """
        return check_chain(self.events(), where=self.where)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _refuse_stale(self, connection: Connection, campaign: str, head: int) -> None:
        found = connection.execute(select(func.max(event_table.c.seq)).where(event_table.c.campaign == campaign)).scalar() or 0
        if found != head:
            raise ConflictError(
                f"Expected campaign {campaign!r} to stand at event {head}, found event {found}: another process has written "
                f"meanwhile. Nothing was written; look at its status and try again."
            )


def _sealed(draft: Draft, text: str, *, campaign: str, actor: str, seq: int, prev_hash: str) -> Event:
    fields = {
        "seq": seq, "campaign": campaign, "id": str(uuid4()), "type": draft.type, "schema_v": SCHEMA_V,
        "recorded_at": datetime.now(UTC).isoformat(timespec="milliseconds"), "actor": actor, "payload_text": text, "prev_hash": prev_hash,
    }  # fmt: skip
    return Event(**fields, hash=event_hash(**fields))  # type: ignore[arg-type]


def _as_row(event: Event) -> dict[str, object]:
    return {
        "seq": event.seq, "campaign": event.campaign, "id": event.id, "type": event.type, "schema_v": event.schema_v,
        "recorded_at": event.recorded_at, "actor": event.actor, "payload": event.payload_text, "prev_hash": event.prev_hash, "hash": event.hash,
    }  # fmt: skip


def _from_row(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq, campaign=row.campaign, id=row.id, type=row.type, schema_v=row.schema_v, recorded_at=row.recorded_at,
        actor=row.actor, payload_text=row.payload, prev_hash=row.prev_hash, hash=row.hash,
    )  # fmt: skip
