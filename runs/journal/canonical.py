"""One text for one value: canonical JSON, so that a hash means the content and not its spelling."""

from __future__ import annotations

import hashlib
import json

from world_model.terms.errors import JournalError


def canonical_json(value: object) -> str:
    """Keys sorted, no spaces, no NaN: equal values give equal texts.

    Raises:
        JournalError: the value holds what JSON can't (NaN, infinity, an object).
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as fault:
        raise JournalError(f"Expected a value that JSON can hold, found one that it can't: {fault}.") from fault


def sha256_of(content: str | bytes) -> str:
    """SHA-256, hexadecimal; text as UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
