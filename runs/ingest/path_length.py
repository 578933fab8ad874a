"""Absorbance to a path of 1 cm: a measured or computed path length, declared by the user, applied after the blank."""

from __future__ import annotations

from math import pi

from world_model.terms.errors import ResultsError

from .reading_plan import ReadingPlan

LONGEST_CM = 5.0


def path_length_cm(volume_ul: float, diameter_mm: float) -> float:
    """The liquid's height in a round, flat-bottomed well, without the meniscus: volume over area.

    Raises:
        ResultsError: a volume or diameter that is not positive, or a path beyond every plate's depth.
    """
    if volume_ul <= 0 or diameter_mm <= 0:
        raise ResultsError(f"Expected a volume and a well's diameter above zero, found {volume_ul:g} µL and {diameter_mm:g} mm.")
    # 1 µL is 1 mm³
    length = volume_ul / (pi * diameter_mm**2 / 4) / 10
    if length > LONGEST_CM:
        raise ResultsError(f"Expected a path of at most {LONGEST_CM:g} cm, found {length:.3g} cm of {volume_ul:g} µL in a well of {diameter_mm:g} mm. Check the units: µL and mm.")
    return length


def to_one_cm(absorbance: float, length_cm: float) -> float:
    """Beer and Lambert: absorbance is proportional to the path, once the plate's own absorbance (the blank) is subtracted."""
    return absorbance / length_cm


def told_paths(plan: ReadingPlan) -> list[str]:
    """What was divided by which path."""
    return [
        f"{measurement.name}: brought to 1 cm, divided by a path of {measurement.path_length_cm:g} cm after the blank."
        for measurement in plan.measurements if measurement.path_length_cm is not None
    ]  # fmt: skip
