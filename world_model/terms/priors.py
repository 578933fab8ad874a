"""What somebody believes about where the best is, before there is evidence: it counts, and counts less with every experiment."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, field_validator

from world_model.terms.errors import nearest
from world_model.terms.factors import Categorical, Factor
from world_model.terms.word import Name, Positive, Word


class Prior(Word):
    """One `[[priors]]`: the best is thought to lie `near` these values; factors that are not named may be anything.

    `width` is how near, as a share of each factor's range (on its own scale): at that distance the belief is down to 60 %. `worth` is
    how many experiments' worth of evidence it is: after so many it weighs as much as what was learned, after ten times as many a
    tenth. Where the readings speak against it, it fades faster. It has a say in every second experiment only.
    """

    near: dict[Name, float | str] = Field(min_length=1, description="factor → value, e.g. { temperature = 30, base = \"KOAc\" }")
    width: float = Field(0.2, gt=0, le=1, description="how near, as a share of each numeric factor's range")
    worth: Positive = Field(5.0, description="how many experiments' worth of evidence it is")

    @field_validator("near")
    @classmethod
    def _no_flags(cls, near: dict[str, float | str]) -> dict[str, float | str]:
        for name, value in near.items():
            if isinstance(value, bool):
                raise ValueError(f"expected a number or a level for {name}, found {value!r}")
        return near

    def reasons_against(self, factors: Sequence[Factor]) -> list[str]:
        """Why the campaign's factors can't be near these values; empty where they can."""
        known = {factor.name: factor for factor in factors}
        reasons = []
        for name, value in self.near.items():
            if name not in known:
                reasons.append(f"expected a factor's name, found {name!r}. {nearest(name, known)}")
                continue
            factor = known[name]
            if isinstance(factor, Categorical):
                if (reason := factor.reason_against(value)) is not None:
                    reasons.append(f"{name}: {reason}")
            elif isinstance(value, str):
                reasons.append(f"{name}: expected a number, found {value!r}")
            elif not factor.bounds[0] <= value <= factor.bounds[1]:
                reasons.append(f"{name}: expected a value from {factor.bounds[0]:g} to {factor.bounds[1]:g}, found {value:g}")
        return reasons

    def __str__(self) -> str:
        told = ", ".join(f"{name} = {value:g}" if isinstance(value, float | int) else f"{name} = {value}" for name, value in self.near.items())
        return f"best near {told} (within {100 * self.width:g} % of each range, worth {self.worth:g} experiments)"
