"""Settings as a person types them: `glucose=10, strain=K12`, a JSON object, or `candidate=17`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from world_model.terms.errors import DesignError, ResultsError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.space import SearchSpace


class SwapText(NamedTuple):
    """What is swapped for what."""

    id: str
    settings: dict[str, float | str]


def read_settings(text: str, space: SearchSpace) -> dict[str, float | str]:
    """The settings that a text says; whether they lie in the space is checked where they are used.

    Raises:
        DesignError: no settings, an unknown factor, or no number where one is needed.
    """
    given = _pairs(text)
    if set(given) == {"candidate"} and space.candidates is not None:
        return _of_label(str(given["candidate"]), space)
    settings: dict[str, float | str] = {}
    for name, value in given.items():
        if name not in space.names:
            raise DesignError(f"Expected a factor's name in {text!r}, found {name!r}. {nearest(name, space.names)}")
        settings[name] = str(value) if isinstance(space[name], Categorical) else _number(name, value)
    return settings


def read_was(texts: Sequence[str], space: SearchSpace) -> dict[str, float | str]:
    """`temperature=60` of each text → what earlier experiments had of factors of this space.

    Raises:
        DesignError: no value, an unknown factor, or no number where one is needed.
    """
    return {name: value for text in texts for name, value in read_settings(text, space).items()}


def read_swap(text: str, space: SearchSpace) -> SwapText:
    """`R01-003: glucose=10` → the id and its new settings."""
    id, colon, rest = text.partition(":")
    if not colon or not id.strip() or not rest.strip():
        raise DesignError(f'Expected "ID: factor=value, …", found {text!r}.')
    return SwapText(id.strip(), read_settings(rest, space))


def _pairs(text: str) -> dict[str, object]:
    if text.strip().startswith("{"):
        try:
            told = json.loads(text)
        except json.JSONDecodeError as fault:
            raise DesignError(f"Expected a JSON object of settings, found {text!r} ({fault}).") from fault
        return dict(told)
    pairs: dict[str, object] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise DesignError(f'Expected "factor=value, …", found {part.strip()!r} in {text!r}.')
        pairs[name.strip()] = value.strip()
    return pairs


def _number(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as fault:
        raise DesignError(f"Expected a number for {name}, found {value!r}.") from fault


def _of_label(label: str, space: SearchSpace) -> dict[str, float | str]:
    assert space.candidates is not None
    where = np.flatnonzero(space.candidates.labels.astype(str) == label)
    if not len(where):
        raise DesignError(f"Expected the label of a candidate, found {label!r}. {nearest(label, map(str, space.candidates.labels[:1000]))}")
    return space.candidate_settings(int(where[0]))


def read_failed(texts: Sequence[str]) -> dict[str, str]:
    """`H7=bubble` → well and why.

    Raises:
        ResultsError: no reason is given.
    """
    failed: dict[str, str] = {}
    for text in texts:
        well, equals, why = text.partition("=")
        if not equals or not well.strip() or not why.strip():
            raise ResultsError(f'Expected --failed WELL="WHY", found {text!r}. The reason stays in the journal.')
        failed[well.strip()] = why.strip()
    return failed
