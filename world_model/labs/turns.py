"""In which order the replicates of a setting are answered."""

from __future__ import annotations

import hashlib

import numpy as np


def in_turn(key: tuple[float | str, ...], count: int, seed: int) -> np.ndarray:
    """`count` positions in an order that is the seed's and the setting's own."""
    words = np.frombuffer(hashlib.sha256(repr(key).encode()).digest(), dtype=np.uint32)
    turns: np.ndarray = np.random.default_rng([seed, *words.tolist()]).permutation(count)
    return turns
