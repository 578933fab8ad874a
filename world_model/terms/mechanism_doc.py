"""The campaign's `[mechanism]` table: a simulation as prior knowledge, what the factors do in it, and what is read of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from world_model.terms.word import Name, NonNegative, Positive, Text, Word

if TYPE_CHECKING:
    import numpy as np

Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,255}$")]
# inhibit: what it was, times one minus the value
How = Literal["set", "multiply", "inhibit"]
Quantity = Literal["concentration", "amount"]
TimeUnit = Literal["s", "min", "h", "d"]
# a time of an action: hours, or the factor that holds them
When = Annotated[float, Field(ge=0)] | Name
# what an hour is in the model's own unit of time
PER_HOUR: dict[str, float] = {"s": 3600.0, "min": 60.0, "h": 1.0, "d": 1.0 / 24.0}


class _Target(Word):
    """What a factor's value does in the model.

    `scale` brings the value to the model's unit; with `log10` the factor holds the decimal logarithm of the value. `levels`
    gives the value of each level of a categorical factor.
    """

    target: Symbol = Field(description="id in the model")
    scale: Positive = 1.0
    log10: bool = False
    levels: dict[Text, float] = Field(default_factory=dict)

    def value(self, given: float) -> float:
        """In the model's unit."""
        return float(10.0**given if self.log10 else given) * self.scale

    @property
    def times(self) -> tuple[float | str, ...]:
        """When it acts; empty where it does so at the start."""
        return ()


class ParameterTarget(_Target):
    """A constant, from the start on."""

    kind: Literal["parameter"] = "parameter"
    how: How = "set"


class InitialTarget(_Target):
    """What a species starts from."""

    kind: Literal["initial"] = "initial"
    how: How = "set"
    quantity: Quantity = "concentration"


class DoseTarget(_Target):
    """Added to a species at one time."""

    kind: Literal["dose"] = "dose"
    at_h: When
    quantity: Quantity = "concentration"

    @property
    def times(self) -> tuple[float | str, ...]:
        return (self.at_h,)


class _Span(_Target):
    from_h: When = 0.0
    to_h: When

    @property
    def times(self) -> tuple[float | str, ...]:
        return (self.from_h, self.to_h)

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if isinstance(self.from_h, float) and isinstance(self.to_h, float) and self.to_h <= self.from_h:
            raise ValueError(f"expected to_h after from_h = {self.from_h:g}, found {self.to_h:g}")
        return self


class HoldTarget(_Span):
    """A parameter or boundary species clamped for a while; what it was before comes back."""

    kind: Literal["hold"] = "hold"


class RampTarget(_Span):
    """A parameter or boundary species moved linearly to the factor's value, where it stays; from where it is, or from `from_value`."""

    kind: Literal["ramp"] = "ramp"
    from_value: float | None = None


Target = Annotated[ParameterTarget | InitialTarget | DoseTarget | HoldTarget | RampTarget, Field(discriminator="kind")]


class Observed(Word):
    """What is read: a species, a parameter or an expression of ids, e.g. `pSTAT5 + 2*dimer`, brought to the campaign's unit and scale.

    With `log` the value is log(max(scale * x, 0) + offset), natural logarithm; else scale * x + offset.
    """

    of: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    quantity: Quantity = Field("concentration", description="of a single species; an expression takes concentrations, as SBML does")
    scale: Positive = 1.0
    offset: float = 0.0
    log: bool = False

    def read(self, values: np.ndarray) -> np.ndarray:
        """What is read of the model's values, elementwise."""
        import numpy as np

        scaled = self.scale * np.asarray(values)
        if not self.log:
            return np.asarray(scaled + self.offset)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.maximum(scaled, 0.0) + self.offset))

    @model_validator(mode="after")
    def _log_of_positive(self) -> Self:
        if self.log and self.offset < 0:
            raise ValueError(f"expected an offset of at least 0 under the logarithm, found {self.offset:g}")
        return self


class MechanismDoc(Word):
    """Prior knowledge that can be simulated. It may be wrong: models without it compete with it."""

    file: Text = Field(min_length=1, description="SBML file, relative to the campaign file")
    time_unit: TimeUnit = Field("h", description="the model's own unit of time")
    end_h: NonNegative | None = Field(None, description="when end points are read")
    factors: dict[Name, Symbol | Target] = Field(default_factory=dict, description="factor → id in the model, or a table; a factor that is left out goes by its own name")
    observables: dict[Name, Text | Observed] = Field(default_factory=dict, description="measurement → id or expression in the model, or a table; likewise")
    estimate: bool = Field(True, description="learn the model's constants from the readings")
    parameters: tuple[Symbol, ...] = Field((), description="the constants and starting amounts that may be learned; empty: all that no factor acts on")
    log_sd: Positive = Field(0.5, description="how far they may be off: sd of the natural logarithm")
    initial_assignments: Literal["recomputed", "kept"] = Field("recomputed", description="starting amounts that depend on constants follow these, or stay as in the file")
