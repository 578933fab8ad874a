"""What a plate is kept at and what is read of it, in words: the campaign's context, its whole-plate factors, zones and readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.goals import Measurement
from world_model.terms.lab_profile import LabProfile

from ..intent import ProtocolIntent
from ..layout.record import LayoutRecord
from .blocks import Column, Table
from .readings import readings


def conditions_table(
    intent: ProtocolIntent, lab: LabProfile, *, record: LayoutRecord | None, measurements: Sequence[Measurement], context: Mapping[str, float | str]
) -> Table:  # fmt: skip
    """A line for each thing that holds for wells together, and one for what is read; no rows where nothing was told."""
    rows = [("Whole plate, not varied", ", ".join(f"{name} = {_value(value)}" for name, value in context.items()))] if context else []
    whole = whole_plate(intent, record)
    rows += [("Whole plate, this round", ", ".join(whole))] if whole else []
    rows += [(name, values) for name, values in zones(intent, lab, record).items()]
    rows += [("Read", told)] if (told := readings(measurements)) else []
    return Table(columns=(Column(name="Where", bold=True), Column(name="What", share=3.4)), rows=tuple(rows))


def settings_to_make(intent: ProtocolIntent, lab: LabProfile, record: LayoutRecord | None) -> str:
    """The step before 0 h that sets what the design asks of plate and zones; empty where it asks nothing."""
    parted = zones(intent, lab, record)
    told = [*([f"whole plate: {', '.join(whole)}"] if (whole := whole_plate(intent, record)) else []), *(f"{name}: {values}" for name, values in parted.items())]
    return f"Set the {'zones' if parted else 'plate'}: {'; '.join(told)}." if told else ""


def whole_plate(intent: ProtocolIntent, record: LayoutRecord | None) -> list[str]:
    """`temperature 37 °C` for each factor with one value on the whole plate."""
    in_zones = {f"{factor} in {zone}" for zone, values in (record.zone_values if record is not None else {}).items() for factor in values}
    return [_set(intent, name, value) for name, value in intent.conditions.items() if name not in in_zones]


def zones(intent: ProtocolIntent, lab: LabProfile, record: LayoutRecord | None) -> dict[str, str]:
    """`left (columns 1–6)` → `temperature 25 °C`."""
    if record is None:
        return {}
    columns = {zone.name: zone.columns for zone in lab.plate.zones}
    return {
        f"{zone} ({_columns(columns.get(zone, ()))})": ", ".join(_set(intent, factor, value) for factor, value in values.items())
        for zone, values in record.zone_values.items()
        if values
    }


def _columns(columns: Sequence[int]) -> str:
    """`columns 1–6`, `columns 1, 3`."""
    ordered = sorted(columns)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"columns {ordered[0]}–{ordered[-1]}"
    return f"column{'s' if len(ordered) > 1 else ''} {', '.join(map(str, ordered))}"


def _set(intent: ProtocolIntent, factor: str, value: float | str) -> str:
    unit = intent.units.get(factor, "")
    return f"{factor} {_value(value)}{f' {unit}' if unit else ''}"


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
