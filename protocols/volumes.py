"""Volumes are whole nanolitres, each a multiple of what its machine can tell apart."""

from __future__ import annotations

# What one pipetting step is rounded to. The maker's data states no finer resolution than this for its air-displacement
# pipettes, and every rounding is told: the concentrations really reached go back to the planner.
STEP_NL = 100


def to_nl(microlitres: float) -> int:
    """Whole nanolitres."""
    return round(microlitres * 1000)


def to_step(microlitres: float, step_nl: int = STEP_NL) -> int:
    """Nanolitres, rounded to the pipetting step."""
    return round(microlitres * 1000 / step_nl) * step_nl


def to_ul(nanolitres: int) -> float:
    """Microlitres."""
    return nanolitres / 1000


def shown(nanolitres: float) -> str:
    """`12.3 µL`, or `4.56 mL` from 1,000 µL on."""
    return f"{nanolitres / 1e6:.4g} mL" if abs(nanolitres) >= 1e6 else f"{nanolitres / 1000:.4g} µL"
