"""L1, the intent: a closed set of step kinds and names from the lab's inventory. What a template writes, and a person reads."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.word import Name, NonNegative, Positive, Text, Word

Source = Literal["design", "user_text", "catalogue", "default"]
Wells = Literal["all", "cultures", "edge"]


class Quantity(Word):
    """A number with its unit and where it comes from. `design`: the planner or the campaign; `catalogue`: the lab file or a
    definition; `user_text`: a sentence, quoted; `default`: ours, and said so."""

    value: float
    unit: str
    source: Source
    quote: Text = ""

    @model_validator(mode="after")
    def _quoted(self) -> Self:
        if self.source == "user_text" and not self.quote:
            raise ValueError("expected the words that a number was taken from (quote), found none")
        return self

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}".rstrip()


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


class Shake(Word):
    """Shaking in the reader, so that what was dispensed from above is mixed in."""

    kind: Literal["shake"] = "shake"
    duration: Quantity


class Read(Word):
    """The plate is in the reader from one hour to another; `to_h` None: to the end of the run."""

    kind: Literal["read"] = "read"
    from_h: NonNegative
    to_h: Positive | None = None


class Pause(Word):
    """A person moves the plate."""

    kind: Literal["pause"] = "pause"
    at_h: NonNegative
    what: Text


class Add(Word):
    """An addition round: doses into growing cultures, with a robot file of its own."""

    kind: Literal["add"] = "add"
    stage: Name
    at_h: Positive
    factors: tuple[Name, ...]


Step = Annotated[Fill | Dispense | Inoculate | Shake | Read | Pause | Add, Field(discriminator="kind")]


class ProtocolIntent(Word):
    """One plate's protocol as a person would say it. `conditions` hold what the whole plate shares, e.g. a temperature."""

    objective: Text
    plate: Name
    volume: Quantity
    bindings: tuple[Binding, ...]
    conditions: dict[Name, float | str] = Field(default_factory=dict)
    steps: tuple[Step, ...]

    @model_validator(mode="after")
    def _stages_in_time(self) -> Self:
        hours = [step.at_h for step in self.steps if isinstance(step, Add)]
        if hours != sorted(set(hours)):
            raise ValueError(f"expected additions in the order of time, each once, found hours {hours}")
        return self

    @property
    def additions(self) -> tuple[Add, ...]:
        """The addition rounds after the set-up."""
        return tuple(step for step in self.steps if isinstance(step, Add))
