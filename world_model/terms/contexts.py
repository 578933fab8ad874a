"""What differs between experiments and is not ours to choose: batch, day, donor, cell line."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from world_model.terms.errors import nearest
from world_model.terms.word import Name, Text, Word


class Context(Word):
    """Something that is recorded of each experiment and never planned. Its levels scatter about the typical one."""

    name: Name
    kind: Literal["batch", "day", "donor", "cell_line", "other"] = "other"
    levels: tuple[Text, ...] = Field((), description="what it may be; any text where none are named")

    @field_validator("levels")
    @classmethod
    def _distinct(cls, levels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(levels)) != len(levels):
            twice = sorted({level for level in levels if levels.count(level) > 1})
            raise ValueError(f"expected distinct levels, found twice: {twice}")
        if "" in levels:
            raise ValueError("expected levels that are not empty, found ''")
        return levels

    def reason_against(self, level: str) -> str | None:
        """Why it can't be that, or None."""
        if not level.strip():
            return "expected a level, found none"
        if self.levels and level not in self.levels:
            return f"expected one of {len(self.levels)} levels, found {level!r}. {nearest(level, self.levels)}".rstrip()
        return None
