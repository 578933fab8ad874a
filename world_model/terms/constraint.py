"""What every constraint is: names of factors, how far rows are beyond it, and what is wrong with it in a space."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from world_model.terms.word import Word

if TYPE_CHECKING:
    import numpy as np

    from world_model.terms.factors import Factor

# cells by factor: `n` numbers in the factor's own unit; for levels their names, or codes
Columns = Mapping[str, "np.ndarray"]
Levels = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What keeps a constraint out of a space. `keys` is where, within the constraint's own table."""

    keys: tuple[str | int, ...]
    expected: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        return f"expected {self.expected}, found {self.found}. {self.mend}".strip()


class Constraint(Word):
    """The base of the constraints; each says so in words with `str`."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The factors that it is about."""

    @abstractmethod
    def violation(self, columns: Columns, levels: Levels | None = None) -> np.ndarray:
        """How far each row is beyond it: `n`, 0 where it holds, else relative to the constraint's own size.

        Args:
            levels: what integer cells of a factor with levels stand for.
        """

    @abstractmethod
    def faults(self, factors: Mapping[str, Factor]) -> Iterator[Fault]:
        """What is wrong with it among these factors: unknown names, levels where numbers are needed."""


def numeric_faults(keys: tuple[str | int, ...], name: str, factors: Mapping[str, Factor]) -> Iterator[Fault]:
    """The fault of a name that is no numeric factor, if it is none."""
    from world_model.terms.errors import nearest
    from world_model.terms.factors import Categorical

    numeric = [known for known, factor in factors.items() if not isinstance(factor, Categorical)]
    if name not in factors:
        yield Fault(keys=keys, expected="a numeric factor's name", found=repr(name), mend=nearest(name, numeric))
    elif isinstance(factors[name], Categorical):
        yield Fault(keys=keys, expected="a numeric factor", found=f"the categorical factor {name!r}", mend=nearest(name, numeric))


def bound_of(word: Word) -> float:
    """The one of `at_most`, `at_least` and `equals` that was given."""
    return next(value for side in ("at_most", "at_least", "equals") if (value := getattr(word, side)) is not None)


def one_side(word: Word) -> None:
    """Exactly one of `at_most`, `at_least` and `equals`.

    Raises:
        ValueError: none or several.
    """
    given = [side for side in ("at_most", "at_least", "equals") if getattr(word, side) is not None]
    if len(given) != 1:
        raise ValueError(f"expected exactly one of at_most, at_least, equals, found {given or 'none'}")


def beyond(gap: np.ndarray, size: float) -> np.ndarray:
    """Gaps relative to a size, 0 below rounding."""
    import numpy as np

    share = np.maximum(gap, 0.0) / size
    return np.where(share > 1e-7, share, 0.0)
