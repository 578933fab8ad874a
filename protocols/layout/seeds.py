"""Seeds for one purpose each, from the campaign's one."""

from __future__ import annotations

import hashlib


def child_seed(seed: int, *purpose: str) -> int:
    """A seed for one purpose, from the campaign's."""
    return int.from_bytes(hashlib.sha256("\x1f".join([str(seed), *purpose]).encode()).digest()[:8], "big")
