"""A layout with what it came from and how well it is balanced: what a plate map and a bench sheet show of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Balance:
    """How a factor (or one level of it) goes along with a line of the plate: Pearson's correlation over the wells that have a
    value of it; ranks stand for a numeric factor's values."""

    factor: str
    against: Literal["row", "column", "edge", "block"]
    correlation: float


@dataclass(frozen=True, kw_only=True)
class LayoutRecord:
    """One plate's layout.

    Attributes:
        seed: the campaign's seed; the layout's own is its child for this plate.
        method: `drawn` by nextwell, or `given` by the user.
        wells: well → experiment id.
        block: well → block, from 1; every well that is used.
        zone: well → zone's name; empty where the plate has no zones.
        zone_values: zone → factor → the value that holds in it.
        balance: the largest correlation of each factor with each kind of line.
        swaps: how many swaps of two wells the search made after the draw.
    """

    plate: str
    seed: int
    method: Literal["drawn", "given"]
    wells: dict[str, str]
    block: dict[str, int]
    zone: dict[str, str] = field(default_factory=dict)
    zone_values: dict[str, dict[str, float | str]] = field(default_factory=dict)
    balance: tuple[Balance, ...] = ()
    swaps: int = 0

    @property
    def worst(self) -> Balance | None:
        """The largest correlation of any factor with any line; None where no factor varies."""
        return max(self.balance, key=lambda one: abs(one.correlation), default=None)

    @property
    def blocks(self) -> int:
        return max(self.block.values(), default=1)

    @property
    def sentence(self) -> str:
        """One line for people."""
        worst = self.worst
        told = f"largest correlation of a factor with a row, column, edge or block: {abs(worst.correlation):.2f} ({worst.factor}, {worst.against})" if worst else "no factor varies"
        blocks = f", {self.blocks} blocks" if self.blocks > 1 else ""
        return f"{'Drawn with seed ' + str(self.seed) if self.method == 'drawn' else 'Given'}{blocks}; {told}."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
