"""A prediction that was stored before its experiment was done, and the result that came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEWEST_IN_SPAN = 6  # conditions: fewer say nothing of a share


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """One reading beside what was said of it.

    Attributes:
        goal: as the prediction names it.
        condition: the candidate that this well is or repeats: wells of one condition err together.
        mean, sd, low, high: as told, of a single reading, in the readout's own unit; `low` to `high` is the central 90 %.
        stretch: what the model's own sd was multiplied by to give `sd`, for earlier predictions that failed.
        read: the readout of the result.
        by_model: True where the model chose the experiment, False where it fills space.
    """

    id: str
    round: int
    goal: str
    condition: str
    mean: float
    sd: float
    low: float
    high: float
    read: float
    stretch: float = 1.0
    by_model: bool = True

    @property
    def within(self) -> bool:
        """Whether the result lies within its 90 % interval."""
        return self.low <= self.read <= self.high

    @property
    def z(self) -> float:
        """The error in sd as told; 0 where a sure prediction was right."""
        return _ratio(self.read - self.mean, self.sd)

    @property
    def z_of_model(self) -> float:
        """The error in the model's own sd, before it was stretched."""
        return _ratio(self.read - self.mean, self.sd / self.stretch)


def by_condition(told: Iterable[Foretold]) -> dict[tuple[int, str], list[Foretold]]:
    """The wells of each condition together, in the order of their rounds."""
    found: dict[tuple[int, str], list[Foretold]] = {}
    for one in sorted(told, key=lambda one: one.round):
        found.setdefault((one.round, one.condition), []).append(one)
    return found


def spans(told: Sequence[Foretold]) -> list[tuple[Foretold, ...]]:
    """Rounds in their order, small ones taken together until `FEWEST_IN_SPAN` conditions are in a span.

    What is left at the end and too small goes to the span before it, or is no span at all.
    """
    found: list[tuple[Foretold, ...]] = []
    open_: list[Foretold] = []
    for number in sorted({one.round for one in told}):
        open_ += [one for one in told if one.round == number]
        if len(by_condition(open_)) >= FEWEST_IN_SPAN:
            found.append(tuple(open_))
            open_ = []
    if open_ and found:
        found[-1] = (*found[-1], *open_)
    return found


def _ratio(error: float, sd: float) -> float:
    if sd > 0:
        return error / sd
    return 0.0 if error == 0 else float("inf") * (1 if error > 0 else -1)
