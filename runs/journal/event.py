"""Events: what somebody did, written once. An event's hash covers all of it and the hash of the event before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from world_model.terms.errors import VerificationError

from .canonical import canonical_json, sha256_of

GENESIS = "0" * 64
SCHEMA_V = 1


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An event that is decided but not yet written."""

    type: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One row of the journal. `seq` orders, `recorded_at` (UTC, ISO 8601) only informs: clocks jump."""

    seq: int
    campaign: str
    id: str
    type: str
    schema_v: int
    recorded_at: str
    actor: str
    payload_text: str
    prev_hash: str
    hash: str

    @property
    def payload(self) -> dict[str, Any]:
        """The payload as written, parsed anew: nobody can change the event through it."""
        import json

        parsed: dict[str, Any] = json.loads(self.payload_text)
        return parsed


def event_hash(
    *, prev_hash: str, seq: int, campaign: str, id: str, type: str, schema_v: int, recorded_at: str, actor: str, payload_text: str
) -> str:
    """SHA-256 over every field. The payload enters as its text, so that reading it back can't change the hash."""
    return sha256_of(canonical_json([prev_hash, seq, campaign, id, type, schema_v, recorded_at, actor, payload_text]))


def check_chain(events: Iterable[Event], *, where: str) -> int:
    """Check that each event carries the hash of its content and of the event before; returns how many there are.

    A journal whose last events were cut off still chains: what detects that is a head hash kept elsewhere (reports print it).

    Raises:
        VerificationError: names the first event that doesn't fit.
    """
    previous, count = GENESIS, 0
    for count, event in enumerate(events, start=1):
        if event.seq != count:
            raise VerificationError(f"{where}: expected event {count}, found event {event.seq}: an event is missing. Restore the file from a backup.")
        if event.prev_hash != previous:
            raise VerificationError(f"{where}: event {event.seq} does not follow the one before it: an event was put in, taken out or moved. Restore the file from a backup.")
        told = event_hash(
            prev_hash=event.prev_hash, seq=event.seq, campaign=event.campaign, id=event.id, type=event.type, schema_v=event.schema_v,
            recorded_at=event.recorded_at, actor=event.actor, payload_text=event.payload_text,
        )  # fmt: skip
        if told != event.hash:
            raise VerificationError(f"{where}: event {event.seq} ({event.type}) was changed after it was written. Restore the file from a backup.")
        previous = event.hash
    return count
