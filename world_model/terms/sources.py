"""Earlier data of another kind than the campaign's own: other conditions, another cell line, an earlier campaign, a simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.word import Name, NonNegative, Text, Word

if TYPE_CHECKING:
    import pandas as pd

SourceKind = Literal["table", "campaign", "simulator"]
_NEEDS: dict[str, str] = {"table": "file", "campaign": "campaign", "simulator": "lab"}


class SourceTable(Word):
    """One `[[sources]]` of a campaign file.

    `kind` = `table` (a CSV or Parquet `file` with the factors' and the measurements' columns), `campaign` (another one of the same
    workspace, by its name) or `simulator` (a simulated `lab` such as `microplate`, asked for `n` points at `cost` each).
    """

    name: Name
    kind: SourceKind = "table"
    file: Text | None = Field(None, description="CSV or Parquet, relative to the campaign file")
    campaign: Name | None = Field(None, description="another campaign of the same workspace")
    lab: Text | None = Field(None, description="a simulated lab: microplate, penicillin, sbml:FILE, table:FILE")
    n: int = Field(64, ge=8, le=2000, description="points that a simulator is asked for")
    cost: NonNegative = Field(0.0, description="of one point of a simulator, where an experiment of the campaign costs 1")
    at: dict[Name, float | str] = Field(default_factory=dict, description="what the source kept fixed, e.g. temperature_c = 30")

    @model_validator(mode="after")
    def _what_it_needs(self) -> Self:
        needed = _NEEDS[self.kind]
        if getattr(self, needed) is None:
            raise ValueError(f"expected {needed} in a source of kind {self.kind!r}, found none")
        for kind, key in _NEEDS.items():
            if kind != self.kind and getattr(self, key) is not None:
                raise ValueError(f"expected {needed} in a source of kind {self.kind!r}, found {key} too. Leave it out, or set kind = {kind!r}")
        return self

    def __str__(self) -> str:
        what = {"table": self.file, "campaign": f"campaign {self.campaign}", "simulator": f"{self.n} points of the simulator {self.lab}"}[self.kind]
        kept = "".join(f", at {key} = {value}" for key, value in self.at.items())
        spent = f", which cost as much as {self.n * self.cost:g} experiments" if self.kind == "simulator" and self.cost else ""
        return f"{self.name}: {what}{spent}{kept}"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Earlier data for a notebook's campaign.

    Attributes:
        name: what the source is called in proposals, status and report.
        data: one row an experiment (or one a reading, with `time_h`): the campaign's factors and measurements by name, and further
            columns for what the campaign keeps fixed (its `context`), such as a temperature.
        at: what the source kept fixed, where `data` has no column of it.
    """

    name: str
    data: pd.DataFrame
    at: Mapping[str, float | str] = field(default_factory=dict)
