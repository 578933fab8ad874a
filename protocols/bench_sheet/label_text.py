"""What fits on a label: smaller letters and more lines before anything is left out, and never without saying so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SEE_SHEET = "see sheet"
SMALLEST_PT = 4.5
_STEP_PT = 0.25

# Read first: what kills, explodes, or harms genes, unborn children or the next generation.
_GRAVEST = ("H300", "H310", "H330", "H340", "H350", "H360", "H20", "H210", "H240", "H241", "H250", "H260", "H271", "H370")
# Statements whose category has the signal word Danger; where one code stands in a category of each word, the graver one.
# Source: UN GHS Rev. 9 (2021), Annex 3, table A3.1.
_DANGER = (
    *_GRAVEST, "H220", "H222", "H224", "H225", "H228", "H230", "H242", "H261", "H270", "H272", "H301", "H304", "H311", "H314", "H318", "H331", "H334", "H372",
)  # fmt: skip

Width = Callable[[str, float], float]
"""A text's width in points at a size in points."""


@dataclass(frozen=True, kw_only=True)
class FittedText:
    """Lines at one size. `whole`: nothing was left out."""

    lines: tuple[str, ...]
    size_pt: float
    whole: bool


def gravest_first(codes: Sequence[str]) -> tuple[str, ...]:
    """Hazard statements in the order in which they must be read."""
    return tuple(sorted(codes, key=lambda code: (0 if code.startswith(_GRAVEST) else 1 if code.startswith(_DANGER) else 2, code)))


def signal_word(codes: Sequence[str]) -> str:
    """`Danger` or `Warning`."""
    return "Danger" if any(code.startswith(_DANGER) for code in codes) else "Warning"


def fitted(text: str, width: Width, *, size_pt: float, room_pt: float, height_pt: float, gap_pt: float, ending: str = SEE_SHEET) -> FittedText:
    """The text at the largest size at which its lines fit into room and height; where none does, as many words as fit, and `ending`."""
    size = size_pt
    while size > SMALLEST_PT:
        lines = _wrapped(text.split(), width, size, room_pt)
        if len(lines) * (size + gap_pt) <= height_pt:
            return FittedText(lines=lines, size_pt=size, whole=True)
        size = max(size - _STEP_PT, SMALLEST_PT)
    most = max(int(height_pt // (size + gap_pt)), 1)
    words = text.split()
    if len(lines := _wrapped(words, width, size, room_pt)) <= most:
        return FittedText(lines=lines, size_pt=size, whole=True)
    while words:
        words.pop()
        if len(lines := _wrapped([*words, *ending.split()], width, size, room_pt)) <= most:
            break
    return FittedText(lines=lines[:most], size_pt=size, whole=False)


def _wrapped(words: Sequence[str], width: Width, size: float, room: float) -> tuple[str, ...]:
    """Words line by line; one that is longer than a line goes on in the next."""
    lines: list[str] = []
    for word in words:
        joined = f"{lines[-1]} {word}" if lines else word
        if width(joined, size) <= room:
            lines[-1:] = [joined]
            continue
        rest = word
        while rest and width(rest, size) > room:
            cut = next((n for n in range(len(rest) - 1, 0, -1) if width(rest[:n], size) <= room), 1)
            lines.append(rest[:cut])
            rest = rest[cut:]
        if rest:
            lines.append(rest)
    return tuple(lines)
