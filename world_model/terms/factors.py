"""What can be varied: continuous, discrete, integer, categorical and ordinal factors, and how each acts on the system."""

from __future__ import annotations

import math
import re
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from world_model.terms.act_words import Acts, EditMode, Hour, act_fault
from world_model.terms.condition import Condition
from world_model.terms.errors import UnitError
from world_model.terms.units import check_unit, is_concentration
from world_model.terms.word import NAME, Name, Word

# Keys that only some ways of acting have: a factor without them is the word that it was before there were such keys.
ACT_KEYS = ("from_h", "to_h", "from_value", "variable", "mode", "target", "no_edit")

# Keys of a category that say what its levels are made of; left out of a digest where they are not given, for the same reason.
STRUCTURE_KEYS = ("smiles", "sequences")
# Keys of a factor that is not always there, or not in every amount; left out of a digest where they are not given, too.
PRESENCE_KEYS = ("only_if", "otherwise", "zero_or_at_least")
_ONLY_IF = "the factor exists only where these conditions on other factors hold: { catalyst = [\"Pd\", \"Ni\"] }"
SEQUENCE = re.compile(r"^[A-Z*-]+$")


class _Numeric(Word):
    name: Name
    unit: str = ""
    acts: Acts | None = Field(
        None,
        description="start: in the medium; set: constant all run; dose: added at `at`; hold: kept from `from_h` to `to_h`; ramp: moved from "
        "`from_value` to this factor's value meanwhile; edit: strength 0 to 1 of a change of a gene; time: hours that another factor names",
    )
    at: Hour | None = Field(None, description="for a dose: hours, or the factor that holds them")
    from_h: Hour | None = Field(None, description="for a hold or a ramp: when it begins, hours or the factor that holds them")
    to_h: Hour | None = Field(None, description="for a hold or a ramp: when it ends, hours or the factor that holds them")
    from_value: float | None = Field(None, description="for a ramp: the value at `from_h`, in the factor's unit")
    variable: Name | None = Field(None, description="for a dose, hold or ramp: what is acted on, where it is not called as the factor")
    mode: EditMode | None = Field(None, description="for an edit: what is done to the gene")
    target: Name | None = Field(None, description="for an edit: the gene, where it is not called as the factor")
    only_if: dict[Name, Condition] | None = Field(None, min_length=1, description=_ONLY_IF)
    otherwise: float | None = Field(None, description="what it counts as where `only_if` fails; without it 0 for an amount, else its least value")

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return check_unit(unit)

    @model_validator(mode="after")
    def _dose_has_a_time(self) -> Self:
        if (self.acts == "dose") != (self.at is not None):
            raise ValueError(f"expected `at` (hours, or a factor's name) with acts = 'dose' and only there, found acts = {self.acts!r}, at = {self.at!r}")
        if self.acts == "time" and self.unit != "h":
            raise ValueError(f"expected unit = 'h' for a factor that is a time, found {self.unit!r}")
        return self

    @model_validator(mode="after")
    def _time_follows_zero(self) -> Self:
        if self.acts == "time" and self.bounds[0] < 0:
            key = "values" if "values" in self.model_fields_set else "low"
            raise ValueError(f"expected {key} of at least 0 h for a factor that is a time (hours after the campaign's zero), found {self.bounds[0]:g}")
        return self

    @model_validator(mode="after")
    def _act_has_its_keys(self) -> Self:
        if fault := act_fault(self.acts, _given(self)):
            raise ValueError(fault)
        if self.acts == "edit" and (self.unit or self.bounds[0] < 0 or self.bounds[1] > 1):
            raise ValueError(
                f"expected a strength from 0 to 1 without unit where acts = 'edit', found {self.bounds[0]:g} to {self.bounds[1]:g} {self.unit}".rstrip()
            )
        return self

    @model_validator(mode="after")
    def _otherwise_has_its_condition(self) -> Self:
        if self.otherwise is not None and self.only_if is None:
            raise ValueError(f"otherwise: expected it only with only_if, found {self.otherwise:g} without")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest value."""
        raise NotImplementedError

    @property
    def stand_in(self) -> float:
        """The value of a factor that is not there: one for all such experiments, so that they are not told apart by it."""
        if self.otherwise is not None:
            return self.otherwise
        return 0.0 if self.action in ("start", "dose", "edit") else self.bounds[0]

    @property
    def acts_on(self) -> str:
        """The variable or gene that is acted on: as written, else the factor's own name."""
        return self.variable or self.target or self.name

    @property
    def action(self) -> Acts:
        """How the factor acts: as written, else `start` for a concentration and `set` for anything else."""
        if self.acts is not None:
            return self.acts
        try:
            return "start" if self.unit and is_concentration(self.unit) else "set"
        except UnitError:
            return "set"


class Continuous(_Numeric):
    """Any value between two bounds."""

    kind: Literal["continuous"] = "continuous"
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    zero_or_at_least: float | None = Field(None, gt=0, description="the factor is 0, or this and more; nothing between")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"expected low < high, found low = {self.low:g}, high = {self.high:g}; swap them, or leave a fixed factor out")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"expected low > 0 on a log scale, found {self.low:g}")
        if self.zero_or_at_least is not None and (self.low != 0 or self.zero_or_at_least > self.high):
            raise ValueError(f"zero_or_at_least: expected low = 0 and an amount of at most high = {self.high:g}, found low = {self.low:g}, {self.zero_or_at_least:g}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.high

    def reason_against(self, value: object) -> str | None:
        """Why a value can't be taken, or None."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"expected a number between {self.low:g} and {self.high:g}, found {value!r}"
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        if self.zero_or_at_least is not None and slack < value < self.zero_or_at_least - slack:
            return f"expected 0, or {self.zero_or_at_least:g} to {self.high:g} {self.unit}".rstrip() + f", found {value:g}"
        return None if self.low - slack <= value <= self.high + slack else f"expected {self.low:g} to {self.high:g} {self.unit}".rstrip() + f", found {value:g}"


class Discrete(_Numeric):
    """A few numbers in an order that means something: `values`, or `low`, `high` and `step`."""

    kind: Literal["discrete"] = "discrete"
    values: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = Field(None, gt=0)
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="before")
    @classmethod
    def _expand_steps(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        if values := given.get("values"):
            # a strict reader takes a tuple only, for what comes out of this function is no longer JSON to it
            return {**given, "values": tuple(values)} if isinstance(values, list) else given
        low, high, step = given.get("low"), given.get("high"), given.get("step")
        numbers = all(isinstance(part, int | float) and not isinstance(part, bool) for part in (low, high, step))
        if not numbers or not step > 0 or not low < high:  # type: ignore[operator]
            raise ValueError(f"expected `values`, or low < high and step > 0, found low = {low!r}, high = {high!r}, step = {step!r}")
        count = math.floor((high - low) / step + 1e-9) + 1  # type: ignore[operator]
        if count > 100_000:
            raise ValueError(f"expected at most 100,000 steps, found {count:,}: take a larger step, or kind = 'continuous'")
        return {**given, "values": tuple(round(low + i * step, 12) for i in range(count))}  # type: ignore[operator]

    @field_validator("values")
    @classmethod
    def _sorted_and_distinct(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(values)) != len(values):
            raise ValueError(f"expected distinct values, found {list(values)}")
        return tuple(sorted(values))

    @model_validator(mode="after")
    def _log_needs_positive(self) -> Self:
        if self.scale == "log" and self.values[0] <= 0:
            raise ValueError(f"expected values > 0 on a log scale, found {self.values[0]:g}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        return self.values[0], self.values[-1]

    def reason_against(self, value: object) -> str | None:
        """Why a value can't be taken, or None."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"expected one of {self._shown()}, found {value!r}"
        span = max(abs(self.values[0]), abs(self.values[-1]), 1e-12)
        near = min(self.values, key=lambda level: abs(level - value))
        return None if abs(near - value) <= 1e-9 * span else f"expected one of {self._shown()}, found {value:g} (nearest {near:g})"

    def _shown(self) -> str:
        return ", ".join(f"{level:g}" for level in self.values[:8]) + (" …" if len(self.values) > 8 else "")


class Integer(_Numeric):
    """Whole numbers between two bounds, both included."""

    kind: Literal["integer"] = "integer"
    low: int
    high: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"expected low < high, found low = {self.low}, high = {self.high}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        return float(self.low), float(self.high)

    def reason_against(self, value: object) -> str | None:
        """Why a value can't be taken, or None."""
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not self.low <= value <= self.high:
            return f"expected a whole number from {self.low} to {self.high}, found {value!r}"
        return None


class Descriptors(Word):
    """Numbers that say what a level is like: `values[level]` in the order of `names`."""

    names: tuple[str, ...]
    values: dict[str, tuple[float, ...]]

    @model_validator(mode="after")
    def _rectangular(self) -> Self:
        for level, row in self.values.items():
            if len(row) != len(self.names):
                raise ValueError(f"expected {len(self.names)} descriptors for level {level!r}, found {len(row)}")
        return self


class Categorical(Word):
    """Levels without an order; descriptors, where given, say how alike they are."""

    kind: Literal["categorical"] = "categorical"
    name: Name
    levels: tuple[str, ...] = Field(min_length=1)
    descriptors: Descriptors | None = None
    smiles: dict[str, str] | None = Field(None, description="level → the molecule as SMILES; an empty text for none")
    sequences: dict[str, str] | None = Field(None, description="level → the protein or DNA in one-letter code")
    only_if: dict[Name, Condition] | None = Field(None, min_length=1, description=_ONLY_IF)
    otherwise: str | None = Field(None, description="the level that it counts as where `only_if` fails; without it the first")
    unit: Literal[""] = ""
    acts: Literal["set", "edit"] | None = Field(None, description="set: a condition; edit: each level is a gene that is changed")
    mode: EditMode | None = Field(None, description="for an edit: what is done to the gene")
    no_edit: str | None = Field(None, description="for an edit: the level that leaves every gene as it is")

    @field_validator("levels")
    @classmethod
    def _distinct(cls, levels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(levels)) != len(levels):
            twice = sorted({level for level in levels if levels.count(level) > 1})
            raise ValueError(f"expected distinct levels, found twice: {twice}")
        return levels

    @model_validator(mode="after")
    def _every_level_described(self) -> Self:
        if self.descriptors is not None:
            missing = [level for level in self.levels if level not in self.descriptors.values]
            if missing:
                raise ValueError(f"expected descriptors for every level, found none for {missing[:5]}")
        return self

    @model_validator(mode="after")
    def _every_level_has_its_structure(self) -> Self:
        if self.smiles is not None and self.sequences is not None:
            raise ValueError("expected smiles or sequences, found both; a level is a molecule or a sequence")
        for key, told in (("smiles", self.smiles), ("sequences", self.sequences)):
            if told is not None and (missing := [level for level in self.levels if level not in told]):
                raise ValueError(f"{key}: expected one for every level, found none for {missing[:5]}")
        for level in self.levels if self.sequences is not None else ():
            letters = self.sequences[level]  # type: ignore[index]
            if not SEQUENCE.match(letters):
                raise ValueError(f"sequences: expected capital one-letter codes for level {level!r}, found {letters[:40]!r}")
        return self

    @model_validator(mode="after")
    def _act_has_its_keys(self) -> Self:
        if fault := act_fault(self.acts, _given(self)):
            raise ValueError(fault)
        if self.no_edit is not None and self.no_edit not in self.levels:
            raise ValueError(f"no_edit: expected one of the levels, found {self.no_edit!r}")
        if self.acts == "edit" and (bad := [level for level in self.levels if not NAME.match(level)]):
            raise ValueError(f"levels: expected names of genes (letters, digits, space and _ + - . / % ( ), a letter first) where acts = 'edit', found {bad[0]!r}")
        return self

    @model_validator(mode="after")
    def _otherwise_is_a_level(self) -> Self:
        if self.otherwise is not None and (self.only_if is None or self.otherwise not in self.levels):
            raise ValueError(f"otherwise: expected one of the levels, and only with only_if, found {self.otherwise!r}")
        return self

    @property
    def stand_in(self) -> str:
        """The level of a factor that is not there: one for all such experiments, so that they are not told apart by it."""
        return self.levels[0] if self.otherwise is None else self.otherwise

    @cached_property
    def codes(self) -> dict[str, int]:
        """Level → its position."""
        return {level: i for i, level in enumerate(self.levels)}

    @property
    def action(self) -> Acts:
        return self.acts or "set"

    @property
    def acts_on(self) -> str:
        """The condition's name. An edit's gene is its level."""
        return self.name

    def reason_against(self, value: object) -> str | None:
        """Why a value can't be taken, or None."""
        from world_model.terms.errors import nearest

        return None if isinstance(value, str) and value in self.codes else f"expected one of {len(self.levels)} levels, found {value!r}. {nearest(str(value), self.levels)}"


class Ordinal(Categorical):
    """Levels with an order, first to last: low, medium, high. To a model they are evenly spaced from 0 to 1."""

    kind: Literal["ordinal"] = "ordinal"  # type: ignore[assignment]
    levels: tuple[str, ...] = Field(min_length=2)
    descriptors: None = None
    smiles: None = None
    sequences: None = None


def _given(factor: Word) -> dict[str, object]:
    """The keys of `ACT_KEYS` that were given."""
    return {key: value for key in ACT_KEYS if (value := getattr(factor, key, None)) is not None}


Factor = Annotated[Continuous | Discrete | Integer | Categorical | Ordinal, Field(discriminator="kind")]
NUMERIC_KINDS = (Continuous, Discrete, Integer)
