"""Volumes are whole nanolitres, and robots are told tenths of a microlitre."""

from __future__ import annotations

# What one pipetting step is rounded to. The maker's data states no finer resolution than this for its air-displacement
# pipettes, and every rounding is told: the concentrations really reached go back to the planner.
STEP_NL = 100


def to_nl(microlitres: float) -> int:
    """Whole nanolitres."""
    return round(microlitres * 1000)


def to_step(microlitres: float) -> int:
    """Nanolitres, rounded to the pipetting step."""
    return round(microlitres * 1000 / STEP_NL) * STEP_NL


def to_ul(nanolitres: int) -> float:
    """Microlitres."""
    return nanolitres / 1000


def shown(nanolitres: float) -> str:
    """`12.3 µL`, or `4.56 mL` from 1,000 µL on."""
    return f"{nanolitres / 1e6:.4g} mL" if abs(nanolitres) >= 1e6 else f"{nanolitres / 1000:.4g} µL"
