"""Plans as a person writes them: `late: induction=4` on a line, or a TOML file with a table for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from world_model.terms.errors import DesignError, DocumentError, Mistake, nearest
from world_model.terms.factors import Categorical
from world_model.terms.space import SearchSpace

from ..documents.toml_file import read_toml
from .settings_text import read_settings

Plans = Mapping[str, Mapping[str, float | str]]


def read_plans(texts: Sequence[str], file: Path | None, space: SearchSpace) -> dict[str, dict[str, float | str]]:
    """Plans by name, those of the file first; each holds the factors that it changes.

    Raises:
        DesignError: a line that can't be read, an unknown factor, no number where one is needed, or a name twice.
        DocumentError: every mistake of the file.
    """
    plans = _of_file(file, space) if file is not None else {}
    for text in texts:
        before, colon, after = text.partition(":")
        name, told = (before.strip(), after) if colon and "=" not in before else (text.strip(), text)
        if not name or name in plans:
            raise DesignError(f"Expected a name of its own for each plan, found {name!r} {'twice' if name else ''} in {text!r}. Write --set \"NAME: factor=value, …\".")
        plans[name] = read_settings(told, space)
    if not plans:
        raise DesignError('Expected a plan, found none. Write --set "NAME: factor=value, …", or name a file with --plan.')
    return plans


def _of_file(path: Path, space: SearchSpace) -> dict[str, dict[str, float | str]]:
    file = read_toml(path)
    told = file.data.get("plans")
    mistakes: list[Mistake] = [
        file.mistake((key,), expected="only tables [plans.NAME]", found=repr(key), mend=nearest(key, ["plans"])) for key in file.data if key != "plans"
    ]
    if not isinstance(told, dict) or not told or not all(isinstance(plan, dict) for plan in told.values()):
        mistakes.append(file.mistake(("plans",), expected="a table [plans.NAME] for each plan, with factor = value", found="none" if told is None else repr(told)[:60]))
        raise DocumentError(mistakes)
    plans: dict[str, dict[str, float | str]] = {}
    for name, plan in told.items():
        plans[name] = {}
        for factor, value in plan.items():
            if factor not in space.names:
                mistakes.append(file.mistake(("plans", name, factor), expected="a factor's name", found=repr(factor), mend=nearest(factor, space.names)))
            elif isinstance(space[factor], Categorical) != isinstance(value, str) or isinstance(value, bool) or not isinstance(value, int | float | str):
                wanted = "a level's name" if isinstance(space[factor], Categorical) else "a number"
                mistakes.append(file.mistake(("plans", name, factor), expected=wanted, found=repr(value)))
            else:
                plans[name][factor] = value if isinstance(value, str) else float(value)
    if mistakes:
        raise DocumentError(mistakes)
    return plans
