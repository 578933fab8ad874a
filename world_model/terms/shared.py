"""Factors that a batch shares: one temperature for the whole plate, four heater zones, one strain in each block of wells."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.word import Name, Word

Wells = Annotated[int, Field(ge=1)]


class Shared(Word):
    """Some factors take few values together: in a round, on each plate, or in each block of wells of a plate.

    A value is one combination of `factors`: with temperature and shaking, 30 °C at 200 rpm is one value.
    """

    factors: tuple[Name, ...] = Field(min_length=1, description="the factors that are shared, e.g. ['temperature']")
    per: Literal["round", "plate", "block"] = Field("plate", description="where so few values hold: the whole round, each plate, or each block of a plate's wells")
    values: int = Field(1, ge=1, description="at most so many different values there, e.g. 4 for four heater zones of any size")
    blocks: tuple[Wells, ...] = Field((), description="with per = 'block': the wells of each block of a plate, e.g. [24, 24, 24, 24]")

    @model_validator(mode="after")
    def _blocks_where_they_belong(self) -> Self:
        if (self.per == "block") != bool(self.blocks):
            raise ValueError(f"expected `blocks` (the wells of each block of a plate, e.g. [24, 24, 24, 24]) with per = 'block' and only there, found per = {self.per!r}, blocks = {list(self.blocks)}")
        twice = sorted({name for name in self.factors if self.factors.count(name) > 1})
        if twice:
            raise ValueError(f"expected each factor once, found twice: {', '.join(twice)}")
        return self

    def __str__(self) -> str:
        names = " and ".join(self.factors)
        where = {"round": "the round", "plate": "each plate", "block": f"each of a plate's {len(self.blocks)} blocks of wells ({', '.join(map(str, self.blocks))})"}[self.per]
        return f"{'one value' if self.values == 1 else f'at most {self.values} values'} of {names} in {where}"
