"""Factors that follow from others: sums, means, products and ratios, shown to the model and usable in constraints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from world_model.terms.word import Name, Text, Word

if TYPE_CHECKING:
    from world_model.terms.factors import Factor

Formula = Literal["sum", "mean", "weighted_sum", "weighted_mean", "product", "ratio"]


class Derived(Word):
    """What follows from other factors by a formula: `formula = "ratio", of = ["acid", "base"]`.

    `weighted_mean` is the sum of weight · amount over the sum of amounts: a mixture's property, where the weights are its parts'.
    """

    name: Name
    formula: Formula
    of: tuple[Name, ...] = Field(min_length=1)
    weights: tuple[float, ...] | None = Field(None, description="one for each of `of`: for weighted_sum and weighted_mean, and only there")
    unit: str = ""
    why: Text = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len(set(self.of)) != len(self.of):
            raise ValueError(f"of: expected each factor once, found {list(self.of)}")
        if self.formula.startswith("weighted") != (self.weights is not None):
            raise ValueError(f"weights: expected them for weighted_sum and weighted_mean and only there, found formula = {self.formula!r}")
        if self.weights is not None and len(self.weights) != len(self.of):
            raise ValueError(f"expected weights for the {len(self.of)} factors of `of`, one each, found {len(self.weights)}")
        if self.formula == "ratio" and len(self.of) != 2:
            raise ValueError(f"of: expected two factors for a ratio, found {len(self.of)}")
        if self.name in self.of:
            raise ValueError(f"of: expected other factors, found {self.name!r} itself")
        return self

    def value(self, columns: Mapping[str, Any]) -> Any:
        """The formula on arrays or tensors of the factors in their own units."""
        cells = [columns[name] for name in self.of]
        match self.formula:
            case "sum":
                return sum(cells[1:], start=cells[0])
            case "mean":
                return sum(cells[1:], start=cells[0]) / len(cells)
            case "weighted_sum":
                return self._weighted(cells)
            case "weighted_mean":
                total = sum(cells[1:], start=cells[0])
                return self._weighted(cells) / (total + (total == 0))  # of nothing at all it is 0
            case "product":
                told = cells[0]
                for cell in cells[1:]:
                    told = told * cell
                return told
            case "ratio":
                return cells[0] / cells[1]

    @property
    def coefficients(self) -> dict[str, float] | None:
        """As a linear form of the factors; None for the other formulas."""
        match self.formula:
            case "sum":
                return dict.fromkeys(self.of, 1.0)
            case "mean":
                return dict.fromkeys(self.of, 1.0 / len(self.of))
            case "weighted_sum":
                return dict(zip(self.of, self.weights or (), strict=True))
            case _:
                return None

    def bounds(self, factors: Mapping[str, Factor]) -> tuple[float, float]:
        """The least and the largest value that the factors' own bounds allow."""
        from itertools import product

        ends = [factors[name].bounds for name in self.of]  # type: ignore[union-attr]
        match self.formula:
            case "product":
                low, high = ends[0]
                for a, b in ends[1:]:
                    corners = [x * y for x, y in product((low, high), (a, b))]
                    low, high = min(corners), max(corners)
                return low, high
            case "ratio":
                corners = [x / y for x, y in product(*ends)]
                return min(corners), max(corners)
            case "weighted_mean":
                of_nothing = [0.0] if all(low == 0 for low, _ in ends) else []
                return min([*(self.weights or ()), *of_nothing]), max([*(self.weights or ()), *of_nothing])
            case _:
                told = self.coefficients or {}
                both = [sorted((told[name] * low, told[name] * high)) for name, (low, high) in zip(self.of, ends, strict=True)]
                return sum(low for low, _ in both), sum(high for _, high in both)

    def fault(self, factors: Mapping[str, Factor]) -> str | None:
        """Why it can't be computed from these factors, or None."""
        from world_model.terms.errors import nearest
        from world_model.terms.factors import Categorical

        numeric = [name for name, factor in factors.items() if not isinstance(factor, Categorical)]
        for name in self.of:
            if name not in numeric:
                kind = "a factor with levels" if name in factors else "an unknown name"
                return f"expected numeric factors in `of`, found {kind}: {name!r}. {nearest(name, numeric)}"
        if self.formula == "ratio" and factors[self.of[1]].bounds[0] <= 0 <= factors[self.of[1]].bounds[1]:  # type: ignore[union-attr]
            return f"expected a divisor that is never 0, found {self.of[1]!r}. Raise its low end."
        if self.formula == "weighted_mean" and any(factors[name].bounds[0] < 0 for name in self.of):  # type: ignore[union-attr]
            return "expected amounts of at least 0 in a weighted mean, found a factor that goes below."
        return None

    def _weighted(self, cells: list[Any]) -> Any:
        weighted = [weight * cell for weight, cell in zip(self.weights or (), cells, strict=True)]
        return sum(weighted[1:], start=weighted[0])

    def __str__(self) -> str:
        match self.formula:
            case "ratio":
                told = f"{self.of[0]} / {self.of[1]}"
            case "product":
                told = " · ".join(self.of)
            case "sum" | "mean":
                told = " + ".join(self.of) if self.formula == "sum" else f"mean of {', '.join(self.of)}"
            case _:
                told = " + ".join(f"{weight:g}·{name}" for weight, name in zip(self.weights or (), self.of, strict=True))
                told = f"({told}) / ({' + '.join(self.of)})" if self.formula == "weighted_mean" else told
        return f"{self.name} = {told}" + (f" {self.unit}" if self.unit else "")
