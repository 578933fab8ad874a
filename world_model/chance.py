"""Random numbers for one purpose: two parts of one draw must not be made of the same numbers."""

from __future__ import annotations

import hashlib

import torch


def stream(seed: int, purpose: str) -> torch.Generator:
    """A generator that shares no numbers with other purposes of the same seed.

    With one seed for a state and for the noise on it, both are the same normal number: their sd add up instead of their variances.
    """
    told = hashlib.blake2b(f"{purpose}:{seed}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(told, "little") >> 1)
