"""Which keys a document may hold at a path, read from the pydantic models themselves."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from world_model.terms.any_constraint import KindHints


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys that a model's table may hold."""
    return tuple(model.model_fields)


def model_of(annotation: Any, value: Any) -> type[BaseModel] | None:
    """The model that a table of the document is read as; of several kinds, the one that its `kind` names."""
    models = list(_models(annotation))
    if len(models) > 1:
        kind = value.get("kind") if isinstance(value, dict) else None
        models = [model for model in models if kind in kinds_of(model)]
    return models[0] if models else None


def kinds(annotation: Any) -> tuple[str, ...]:
    """The kinds that a table may be, where it may be several."""
    models = list(_models(annotation))
    return tuple(kind for model in models for kind in kinds_of(model)) if len(models) > 1 else ()


def kinds_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The values of a model's own `kind`."""
    field = model.model_fields.get("kind")
    return tuple(get_args(field.annotation)) if field is not None and get_origin(field.annotation) is Literal else ()


def hints(annotation: Any) -> KindHints | None:
    """What is told of the kinds of a table, where something is."""
    return next((found for found in getattr(annotation, "__metadata__", ()) if isinstance(found, KindHints)), None)


def child(annotation: Any, key: str | int, value: Any) -> Any:
    """The annotation of what stands at `key` of a value that is read as `annotation`; None where nothing is known."""
    if isinstance(key, str) and (model := model_of(annotation, value)) is not None:
        field = model.model_fields.get(key)
        return None if field is None else field.annotation
    for part in _parts(annotation):
        arguments = get_args(part)
        if isinstance(key, int) and get_origin(part) in (tuple, list) and arguments:
            return arguments[0]
        if isinstance(key, str) and get_origin(part) is dict:
            return arguments[1]
    return None


def _parts(annotation: Any) -> Iterator[Any]:
    """An annotation without Annotated and unions."""
    if hasattr(annotation, "__metadata__"):
        yield from _parts(annotation.__origin__)
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
