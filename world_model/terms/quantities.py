"""Numbers with a unit and a source. A time is a time and a temperature a temperature, within what a bench can do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ValidationError, WithJsonSchema, field_validator, model_validator

from .units import check_unit
from .word import Text, Word

Source = Literal["design", "user_text", "catalogue", "default"]


class Quantity(Word):
    """A number with its unit and where it comes from. `design`: the planner or the campaign; `catalogue`: the lab file or a
    definition; `user_text`: a sentence, quoted; `default`: ours, and said so."""

    value: float
    unit: str
    source: Source
    quote: Text = ""

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return check_unit(unit)

    @model_validator(mode="after")
    def _quoted(self) -> Self:
        if self.source == "user_text" and not self.quote:
            raise ValueError("expected the words that a number was taken from (quote), found none")
        return self

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """What kind of number a field holds: its units in terms of the first one, and what is believed.

    Attributes:
        units: spelling → canonical spelling.
        in_base: canonical unit → what a value is multiplied by to be in the base unit.
        low, high: in the base unit, both allowed; `shown` says them to a person.
    """

    name: str
    example: str
    units: Mapping[str, str]
    in_base: Mapping[str, float]
    low: float
    high: float
    shown: str
    whole: bool = False

    def base(self, quantity: Quantity) -> float:
        """A quantity of this dimension as a number in the base unit."""
        if quantity.unit == "K":
            return quantity.value - 273.15
        return quantity.value * self.in_base[quantity.unit]


def _spelled(**canonical: str) -> dict[str, str]:
    return {spelling: name for name, told in canonical.items() for spelling in (name, *told.split())}


TIME = Dimension(
    name="a time", example="5 min", low=0, high=30 * 86400, shown="0 s to 30 d",
    units=_spelled(s="sec second seconds", min="mins minute minutes", h="hr hrs hour hours", d="day days"),
    in_base={"s": 1, "min": 60, "h": 3600, "d": 86400},
)  # fmt: skip
LASTING = replace(TIME, low=1, shown="1 s to 30 d")
# Plates live between a −80 °C freezer and a thermocycler's heated lid at 110 °C.
TEMPERATURE = Dimension(
    name="a temperature", example="37 °C", low=-90, high=115, shown="-90 to 115 °C", in_base={"°C": 1},
    units={"°C": "°C", "C": "°C", "degC": "°C", "° C": "°C", "K": "K"},
)  # fmt: skip
VOLUME = Dimension(
    name="a volume", example="20 µL", low=1, high=1e9, shown="1 nL to 1 L", in_base={"nL": 1, "µL": 1e3, "mL": 1e6, "L": 1e9},
    units={"nL": "nL", "nl": "nL", "µL": "µL", "μL": "µL", "uL": "µL", "ul": "µL", "µl": "µL", "μl": "µL", "mL": "mL", "ml": "mL", "L": "L", "l": "L"},
)  # fmt: skip
# Plate shakers end at 3,000 rpm.
SHAKING = Dimension(name="a shaking speed", example="800 rpm", low=50, high=3000, shown="50 to 3000 rpm", units=_spelled(rpm="RPM"), in_base={"rpm": 1})
# In × g; centrifuges with plate rotors end near 6,200 × g, and revolutions say nothing without the rotor's radius.
SPINNING = Dimension(
    name="a centrifuge's speed", example="300 x g", low=1, high=7000, shown="1 to 7000 x g", in_base={"x g": 1},
    units={"x g": "x g", "xg": "x g", "× g": "x g", "×g": "x g", "g": "x g", "rcf": "x g"},
)  # fmt: skip
WAVELENGTH = Dimension(name="a wavelength", example="600 nm", low=190, high=1100, shown="190 to 1100 nm", units={"nm": "nm"}, in_base={"nm": 1})
COUNT = Dimension(name="a whole number", example="30", low=1, high=1000, shown="1 to 1000", units={"": "", "x": ""}, in_base={"": 1}, whole=True)
RATIO = Dimension(name="a dilution factor", example="2", low=1.01, high=1000, shown="1.01 to 1000", units={"": "", "x": ""}, in_base={"": 1})
DIMENSIONS = (TIME, TEMPERATURE, VOLUME, SHAKING, SPINNING, WAVELENGTH)
_TEXT = re.compile(r"^\s*([-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*(.*?)\s*$")


def read_quantity(text: str, dimension: Dimension, *, source: Source = "user_text") -> Quantity:
    """`5 min` → a quantity that quotes it.

    Raises:
        ValueError: no number, no unit, or a unit of another dimension; what it is instead is said.
    """
    match = _TEXT.match(text)
    if match is None:
        raise ValueError(f"expected {dimension.name} such as {dimension.example!r}, found {text!r}. Write a number and its unit.")
    unit = dimension.units.get(match[2])
    if unit is None:
        raise ValueError(f"expected {dimension.name} such as {dimension.example!r}, found {text!r}{_instead(match[2])}")
    return Quantity(value=float(match[1]), unit=unit, source=source, quote=text.strip() if source == "user_text" else "")


def _instead(unit: str) -> str:
    if not unit:
        return ", a number without a unit"
    if unit.startswith(","):
        return ". Write the number with a point."
    return next((f", {other.name}" for other in DIMENSIONS if unit in other.units), "")


def _reader(dimension: Dimension) -> Callable[[Any], Any]:
    def read(given: Any) -> Any:
        plain = isinstance(given, int | float) and not isinstance(given, bool)
        if plain and "" in dimension.units:
            return Quantity(value=float(given), unit="", source="user_text", quote=f"{given:g}")
        if plain:
            raise ValueError(f"expected {dimension.name} such as {dimension.example!r}, found {given!r}, a number without a unit")
        if isinstance(given, str):
            return read_quantity(given, dimension)
        if isinstance(given, dict):
            try:
                return Quantity.model_validate(given)
            except ValidationError as fault:
                first = fault.errors(include_url=False)[0]
                raise ValueError(f"expected {dimension.name} with value, unit and source, found {first['loc']}: {first['msg']}") from fault
        return given

    return read


def _judge(dimension: Dimension) -> Callable[[Quantity], Quantity]:
    def judge(quantity: Quantity) -> Quantity:
        unit = dimension.units.get(quantity.unit)
        if unit is None:
            raise ValueError(f"expected {dimension.name} such as {dimension.example!r}, found {str(quantity)!r}{_instead(quantity.unit)}")
        named = quantity if unit == quantity.unit else quantity.model_copy(update={"unit": unit})
        if not dimension.low <= dimension.base(named) <= dimension.high:
            raise ValueError(f"expected {dimension.name} from {dimension.shown}, found {named}")
        if dimension.whole and named.value != int(named.value):
            raise ValueError(f"expected {dimension.name} from {dimension.shown}, found {named}")
        return named

    return judge


def _schema(dimension: Dimension) -> WithJsonSchema:
    numeric = "" in dimension.units
    told = {"type": "integer" if dimension.whole else "number"} if numeric else {"type": "string"}
    return WithJsonSchema({**told, "description": f"{dimension.name} from {dimension.shown}, e.g. {dimension.example}"}, mode="validation")


Duration = Annotated[Quantity, BeforeValidator(_reader(TIME)), AfterValidator(_judge(TIME)), _schema(TIME)]
Lasting = Annotated[Quantity, BeforeValidator(_reader(LASTING)), AfterValidator(_judge(LASTING)), _schema(LASTING)]
Temperature = Annotated[Quantity, BeforeValidator(_reader(TEMPERATURE)), AfterValidator(_judge(TEMPERATURE)), _schema(TEMPERATURE)]
Volume = Annotated[Quantity, BeforeValidator(_reader(VOLUME)), AfterValidator(_judge(VOLUME)), _schema(VOLUME)]
ShakingSpeed = Annotated[Quantity, BeforeValidator(_reader(SHAKING)), AfterValidator(_judge(SHAKING)), _schema(SHAKING)]
SpinningSpeed = Annotated[Quantity, BeforeValidator(_reader(SPINNING)), AfterValidator(_judge(SPINNING)), _schema(SPINNING)]
Wavelength = Annotated[Quantity, BeforeValidator(_reader(WAVELENGTH)), AfterValidator(_judge(WAVELENGTH)), _schema(WAVELENGTH)]
Count = Annotated[Quantity, BeforeValidator(_reader(COUNT)), AfterValidator(_judge(COUNT)), _schema(COUNT)]
Ratio = Annotated[Quantity, BeforeValidator(_reader(RATIO)), AfterValidator(_judge(RATIO)), _schema(RATIO)]


def seconds(duration: Quantity) -> float:
    """A time in seconds."""
    return TIME.base(duration)


def celsius(temperature: Quantity) -> float:
    """A temperature in °C."""
    return TEMPERATURE.base(temperature)


def nanolitres(volume: Quantity) -> int:
    """A volume in whole nanolitres."""
    return round(VOLUME.base(volume))


__all__ = ["Count", "Duration", "Lasting", "Quantity", "Ratio", "ShakingSpeed", "Source", "SpinningSpeed", "Temperature", "Volume", "Wavelength", "celsius", "nanolitres", "read_quantity", "seconds"]
