"""What *we* force on a system, Pearl's do(). Times are hours after the campaign's named zero."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from world_model.terms.word import Name, NonNegative, Word

Value = float | str


class Start(Word):
    """An initial value, free afterwards: glucose in the medium."""

    kind: Literal["start"] = "start"
    variable: Name
    value: float


class Set(Word):
    """A condition that is constant all run: temperature, strain, ligand."""

    kind: Literal["set"] = "set"
    variable: Name
    value: Value


class Dose(Word):
    """An amount added at one instant, as the concentration that it adds: inducer at 2 h."""

    kind: Literal["dose"] = "dose"
    variable: Name
    at_h: NonNegative
    amount: float


class Hold(Word):
    """A value clamped for a while."""

    kind: Literal["hold"] = "hold"
    variable: Name
    from_h: NonNegative
    to_h: NonNegative
    value: float

    @model_validator(mode="after")
    def _forwards(self) -> Hold:
        if self.to_h <= self.from_h:
            raise ValueError(f"expected to_h after from_h = {self.from_h:g}, found {self.to_h:g}")
        return self


class Ramp(Word):
    """A value moved linearly from one level to another."""

    kind: Literal["ramp"] = "ramp"
    variable: Name
    from_h: NonNegative
    to_h: NonNegative
    from_value: float
    to_value: float

    @model_validator(mode="after")
    def _forwards(self) -> Ramp:
        if self.to_h <= self.from_h:
            raise ValueError(f"expected to_h after from_h = {self.from_h:g}, found {self.to_h:g}")
        return self


class Edit(Word):
    """A gene changed: strength 0 is no change, 1 the whole of the mode's effect."""

    kind: Literal["edit"] = "edit"
    target: Name
    mode: Literal["knock_out", "inhibit", "activate", "overexpress"]
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0


Intervention = Annotated[Start | Set | Dose | Hold | Ramp | Edit, Field(discriminator="kind")]
