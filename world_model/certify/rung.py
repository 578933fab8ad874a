"""One level from its evidence: it holds when every bound is met, and says what is missing where it does not."""

from __future__ import annotations

from collections.abc import Sequence

from ..terms.certificate import LEVEL_NAMES, Evidence, Level, LevelEvidence

FEWEST = 12  # held-out interventions, as for the judge: below it nothing is judged


def rung(level: Level, evidence: Sequence[Evidence], *, needed: str, against: Sequence[str] = ()) -> LevelEvidence:
    """A level.

    Args:
        needed: what would be needed, where a bound is not met.
        against: reasons that refuse it whatever the figures say.
    """
    failed = [item for item in evidence if item.met is False]
    if against:
        return LevelEvidence(level=level, held=False, why=f"Refused: {' '.join(against)}", evidence=tuple(evidence), needed=needed)
    if failed:
        told = "; ".join(f"{item.name}: {_shown(item)}, expected {item.bound}" for item in failed)
        return LevelEvidence(level=level, held=False, why=f"Not met: {told}.", evidence=tuple(evidence), needed=needed)
    if not any(item.met for item in evidence):
        return LevelEvidence(level=level, held=False, why="Not evaluated: there is no evidence.", evidence=tuple(evidence), needed=needed)
    return LevelEvidence(level=level, held=True, why=f"Every bound of level {level} ({LEVEL_NAMES[level]}) was met.", evidence=tuple(evidence))


def _shown(item: Evidence) -> str:
    return "nothing" if item.value is None else f"{item.value:.3g}"
