"""L1, the intent: a closed set of step kinds and names from the lab's inventory. What a template writes, and a person reads."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.quantities import Duration, Quantity, seconds
from world_model.terms.steps import (
    Bring,
    Incubate,
    Mix,
    Pause,
    Read,
    Sample,
    Seal,
    SerialDilution,
    Shake,
    Spin,
    Thermocycle,
    Unseal,
    Wells,
)  # fmt: skip
from world_model.terms.word import Name, NonNegative, Text, Word

__all__ = [
    "Add", "Binding", "Bring", "Dispense", "Fill", "Incubate", "Inoculate", "Mix", "Pause", "ProtocolIntent", "Quantity", "Read", "Sample",
    "Seal", "SerialDilution", "Shake", "Spin", "Step", "Thermocycle", "Unseal",
]  # fmt: skip


class Binding(Word):
    """A factor and the component that it stands for. `minute` is when it is added; None where another factor holds the time."""

    factor: Name
    component: Name
    unit: str
    minute: NonNegative | None = 0
    time_factor: Name | None = None


class Fill(Word):
    """Water (or another stock) into edge wells that no experiment uses."""

    kind: Literal["fill"] = "fill"
    stock: Name
    volume: Quantity


class Dispense(Word):
    """Stocks into wells, at the volumes that the solver finds."""

    kind: Literal["dispense"] = "dispense"
    what: Literal["base medium", "factors", "diluent"]
    to: Wells = "all"


class Inoculate(Word):
    """Cells, last of all; blanks get diluent in their place."""

    kind: Literal["inoculate"] = "inoculate"
    stock: Name
    final: Quantity
    inoculum: Quantity


class Add(Word):
    """An addition round: doses into growing cultures, with a robot file of its own."""

    kind: Literal["add"] = "add"
    stage: Name
    at: Duration
    factors: tuple[Name, ...]

    @property
    def at_h(self) -> float:
        """Hours after the campaign's zero."""
        return seconds(self.at) / 3600


Step = Annotated[
    Fill | Dispense | Inoculate | Add | SerialDilution | Mix | Incubate | Shake | Bring | Seal | Unseal | Spin | Thermocycle | Read | Sample | Pause,
    Field(discriminator="kind"),
]
"""Every kind of step. Those that a lab file may hold too are in `world_model.terms.steps`."""


class ProtocolIntent(Word):
    """One plate's protocol as a person would say it. `conditions` hold what the whole plate (or a zone of it) shares, e.g.
    a temperature; `units`: factor → unit, where it has one."""

    objective: Text
    plate: Name
    volume: Quantity
    bindings: tuple[Binding, ...]
    conditions: dict[Name, float | str] = Field(default_factory=dict)
    units: dict[Name, str] = Field(default_factory=dict)
    steps: tuple[Step, ...]

    @model_validator(mode="after")
    def _stages_in_time(self) -> Self:
        hours = [step.at_h for step in self.steps if isinstance(step, Add)]
        if hours != sorted(set(hours)) or 0 in hours:
            raise ValueError(f"expected additions after 0 h in the order of time, each once, found hours {hours}")
        return self

    @property
    def additions(self) -> tuple[Add, ...]:
        """The addition rounds after the set-up."""
        return tuple(step for step in self.steps if isinstance(step, Add))
