"""The rules that every walk is held against; none can be switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...finding import Finding
from ..moment import Walk
from . import (
    carry_over,
    contaminated_source,
    declared,
    delays,
    dry_draw,
    engine_ledger,
    height,
    mass_balance,
    nozzles,
    overdraw,
    overfill,
    pipette_minimum,
    probe,
    temperature_wait,
    tip_capacity,
    tip_left_on,
    tip_rack,
    tip_used_twice,
    undeclared,
    unfollowed,
    volumes,
)

RULES: tuple[Callable[[Walk], Iterable[Finding]], ...] = tuple(
    rule.find
    for rule in (
        volumes, pipette_minimum, tip_capacity, declared, overdraw, undeclared, overfill, contaminated_source, carry_over, tip_rack, tip_used_twice,
        tip_left_on, nozzles, height, dry_draw, probe, delays, temperature_wait, mass_balance, engine_ledger, unfollowed,
    )
)  # fmt: skip
