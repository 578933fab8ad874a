"""The other planner's file, or its object: JSON in either case."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from world_model.terms.errors import NextwellError

P = ParamSpec("P")
R = TypeVar("R")


def as_written_by(source: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A reader of another planner's data: where these are not as that planner writes them, it says so instead of failing in their midst."""

    def guarded(read: Callable[P, R]) -> Callable[P, R]:
        @wraps(read)
        def reading(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return read(*args, **kwargs)
            except NextwellError:
                raise
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as fault:
                raise NextwellError(f"Expected what {source} writes, found something else ({type(fault).__name__}: {fault}). A newer release may write it differently.") from fault

        return reading

    return guarded


def read_json(given: object, *, source: str, methods: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON object of a path, a text, a mapping, or an object that can say itself with one of `methods`.

    Raises:
        NextwellError: none of these, or no JSON object.
    """
    if isinstance(given, Mapping):
        return dict(given)
    for method in methods:
        said = getattr(given, method, None)
        if callable(said):
            return read_json(said(), source=source)
    if isinstance(given, Path) or (isinstance(given, str) and not given.lstrip().startswith("{")):
        try:
            given = Path(given).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise NextwellError(f"Expected a JSON file of {source}, found {fault}.") from fault
    if not isinstance(given, str):
        raise NextwellError(f"Expected {source}'s JSON (a path, its text or the object itself), found {type(given).__name__}.")
    try:
        told = json.loads(given)
    except json.JSONDecodeError as fault:
        raise NextwellError(f"Expected {source}'s JSON, found text that is none: {fault}.") from fault
    if not isinstance(told, dict):
        raise NextwellError(f"Expected {source}'s JSON object, found {type(told).__name__}.")
    return told
