"""Every error that nextwell raises on purpose. Each message says what was expected, what was found, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches


class NextwellError(ValueError):
    """Root of the tree:

    NextwellError
    ├── UnitError            a quantity of another dimension, or a missing molar mass
    ├── SpaceError           factors, constraints or candidates that make no search space
    ├── DocumentError        a campaign or lab file with mistakes (all of them, with lines)
    ├── DesignError          a proposal that breaks its space, or can't be made
    ├── ProtocolError        a design that can't be pipetted, or a file that fails its checks
    ├── ResultsError         results that can't be taken in (nothing of them is)
    ├── MechanismError       a mechanism that can't be read, or does not know what it is asked
    ├── JournalError         the journal can't be opened, or an event doesn't fit the state
    ├── VerificationError    what lies on disk is not what was recorded (an edited robot file, a broken hash chain)
    └── ConflictError        a step out of order, or twice
        └── ApprovalNeeded   a step that a person has to approve first
    """


class UnitError(NextwellError):
    """A quantity whose unit can't be converted to what is needed."""


class SpaceError(NextwellError):
    """Factors, constraints or candidates that make no search space."""


class DesignError(NextwellError):
    """A proposed experiment breaks its space, or none can be proposed."""


class ProtocolError(NextwellError):
    """A design that can't be pipetted, or a robot file that fails its checks."""


class ResultsError(NextwellError):
    """Results that can't be taken in; nothing of them is kept as readings."""


class MechanismError(NextwellError):
    """A mechanism that can't be read or simulated, or that does not know a factor, an observable or a constant."""


class JournalError(NextwellError):
    """The journal can't be opened, or an event doesn't fit the state."""


class VerificationError(NextwellError):
    """What lies on disk is not what was recorded: a file edited after it was checked, or a broken hash chain."""


class ConflictError(NextwellError):
    """A step out of order, or twice: what must come first is named."""


class ApprovalNeeded(ConflictError):
    """A step that a person has to approve first."""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing wrong in a file that a person wrote.

    `line` is 1-based, None where the file as a whole is meant. `where` is the path of keys.
    """

    file: str
    line: int | None
    where: str
    expected: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        at = f" {self.where}:" if self.where else ""
        tail = f" {self.mend}" if self.mend else ""
        return f"{place}:{at} expected {self.expected}, found {self.found}.{tail}"

    def as_dict(self) -> dict[str, str | int | None]:
        return asdict(self)


class DocumentError(NextwellError):
    """A file with mistakes; `.mistakes` holds every one."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest valid names, e.g. `Did you mean 'glucose'?`; all of them where none is near."""
    names = sorted({str(item) for item in known})
    close = get_close_matches(str(name), names, n=2, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(repr(item) for item in close) + "?"
    shown = ", ".join(repr(item) for item in names[:12])
    return f"Known: {shown}{' …' if len(names) > 12 else ''}." if names else ""
