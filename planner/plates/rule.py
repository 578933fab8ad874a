"""What a batch may hold: the few values that its wells share, and the room for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from world_model.encoding import Encoder
from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.errors import DesignError, nearest
from world_model.terms.shared import Shared

from .seats import Ground, seat

SAME_VALUE = 1e-6  # of a factor's range: nearer than this two values are one
ENDLESS = 10**9  # wells of a round without plates

Value = tuple[float, ...]
Key = tuple[int, ...]  # equal for values that are one


def key_of(value: Value) -> Key:
    """Counted in steps of `SAME_VALUE`, off the places where people's numbers lie: what differs by rounding is one value."""
    return tuple(round(cell / SAME_VALUE + 0.1234) for cell in value)


@dataclass(frozen=True)
class SharedColumns:
    """One shared entry on design columns.

    Attributes:
        dims: `m` design columns.
        grounds: the wells of a whole round, plate by plate.
        settled: the values that were chosen for the round, in the unit cube; None before.
        standing: wells whose value is given, by value: controls.
    """

    told: Shared
    dims: tuple[int, ...]
    grounds: tuple[Ground, ...]
    settled: tuple[Value, ...] | None
    standing: tuple[tuple[Value, int], ...]

    @property
    def standing_wells(self) -> Counter[Key]:
        """Wells whose value is given, by key."""
        counts: Counter[Key] = Counter()
        for value, wells in self.standing:
            counts[key_of(value)] += wells
        return counts

    @property
    def most(self) -> int:
        """Different values that a round can hold."""
        return sum(ground.values for ground in self.grounds)

    def keys_of(self, design: Tensor) -> list[Key]:
        """`n` keys of the values of designs `n x d`."""
        return [tuple(row) for row in design[:, list(self.dims)].div(SAME_VALUE).add(0.1234).round().long().tolist()]

    def value_of(self, point: Tensor) -> Value:
        """The value of one design `d`."""
        return tuple(point[list(self.dims)].tolist())


@dataclass(frozen=True)
class BatchRule:
    """Which points a batch may still take, given those chosen.

    Attributes:
        wells_each: wells of one candidate, its repeats counted.
        anywhere: wells that may stand at any value and take room: blanks, and controls that follow the plate.
    """

    encoder: Encoder
    shared: tuple[SharedColumns, ...]
    wells_each: int
    anywhere: int

    def allowed(self, design: Tensor, chosen: Sequence[Tensor] | Tensor) -> Tensor:
        """`c` flags: which of the designs `c x d` the batch may take beside the `d` ones chosen so far."""
        flags = torch.ones(len(design), dtype=torch.bool)
        taken = torch.stack(list(chosen)) if len(chosen) else design[:0]
        for entry in self.shared:
            counts = self._counts(entry, taken)
            settled = None if entry.settled is None else {key_of(value) for value in entry.settled}
            unseen: bool | None = None
            answer: dict[Key, bool] = {}
            keys = entry.keys_of(design)
            for key in dict.fromkeys(keys):
                if settled is not None and key not in settled:
                    answer[key] = False
                elif key in counts:
                    answer[key] = self.has_room(entry, counts, key)
                else:  # any value that is not there yet needs the same room
                    unseen = self.has_room(entry, counts, key) if unseen is None else unseen
                    answer[key] = unseen
            flags &= torch.tensor([answer[key] for key in keys], dtype=torch.bool)
        return flags

    def fixed(self, point: Tensor) -> dict[int, float]:
        """The design columns that stay as they are at a point `d` while the others are optimised: what it shares."""
        return {dim: float(point[dim]) for entry in self.shared for dim in entry.dims}

    def aligned(self, design: Tensor) -> Tensor:
        """Designs `n x d` with what they share moved to the nearest of the round's values."""
        moved = design.clone()
        for entry in self.shared:
            if entry.settled:
                places = torch.tensor(entry.settled, dtype=design.dtype)
                columns = list(entry.dims)
                moved[:, columns] = places[torch.cdist(moved[:, columns], places).argmin(dim=1)]
        return moved

    def settled_on(self, sets: Sequence[Sequence[Value] | None]) -> BatchRule:
        """The rule of a round whose values are chosen, one set a shared entry; None where they are not yet."""
        settled = [None if values is None else tuple(values) for values in sets]
        return replace(self, shared=tuple(replace(entry, settled=values) for entry, values in zip(self.shared, settled, strict=True)))

    def room_for(self, n: int) -> str | None:
        """Why `n` candidates can't stand on the round's wells, or None."""
        for entry in self.shared:
            room = sum(ground.wells for ground in entry.grounds)
            wells = n * self.wells_each + self.anywhere + sum(count for _, count in entry.standing)
            if wells > room:
                return f"{entry.told}: {wells} wells, and room for {room}"
        return None

    def _counts(self, entry: SharedColumns, taken: Tensor) -> Counter[Key]:
        counts = entry.standing_wells
        for key, number in Counter(entry.keys_of(taken)).items():
            counts[key] += number * self.wells_each
        return counts

    def has_room(self, entry: SharedColumns, counts: Mapping[Key, int], key: Key) -> bool:
        """Whether one more candidate of a value can stand beside wells counted by value."""
        more = {**counts, key: counts.get(key, 0) + self.wells_each}
        room = sum(ground.wells for ground in entry.grounds) - self.anywhere
        return sum(more.values()) <= room and seat(more, entry.grounds) is not None


def rule_of(encoder: Encoder, batch: Batch, controls: Sequence[Control], *, n: int) -> BatchRule | None:
    """The rule of a round of `n` candidates; None where its wells share nothing.

    Raises:
        DesignError: a shared factor that the space lacks, or controls of more values than the wells hold.
    """
    if not batch.shared:
        return None
    names = encoder.space.names
    followers = sum(control.wells for control in controls if any(name not in control.settings for entry in batch.shared for name in entry.factors))
    whole = n * batch.wells_each + batch.blanks + sum(control.wells for control in controls)
    n_plates = 1 if batch.plate_wells is None else -(-whole // batch.plate_wells)
    columns = []
    for entry in batch.shared:
        if unknown := [name for name in entry.factors if name not in names]:
            raise DesignError(f"Expected a factor's name in [[batch.shared]], found {unknown[0]!r}. {nearest(unknown[0], names)}")
        one = SharedColumns(
            told=entry, dims=tuple(names.index(name) for name in entry.factors), grounds=_grounds(entry, batch.plate_wells, n_plates), settled=None, standing=(),
        )
        columns.append(replace(one, standing=_standing(encoder, one, controls)))
    rule = BatchRule(encoder=encoder, shared=tuple(columns), wells_each=batch.wells_each, anywhere=batch.blanks + followers)
    for one in columns:
        if one.standing and seat(one.standing_wells, one.grounds) is None:
            raise DesignError(
                f"Expected controls that the wells can hold, found {len(one.standing_wells)} values where there is {one.told}. "
                f"Leave {' and '.join(one.told.factors)} out of a control's settings: it then takes the plate's value."
            )
    if (reason := rule.room_for(n)) is not None:
        raise DesignError(f"Expected a round that fits its wells, found {reason}. Ask for fewer candidates.")
    return rule


def _grounds(entry: Shared, plate_wells: int | None, n_plates: int) -> tuple[Ground, ...]:
    wells = ENDLESS if plate_wells is None else plate_wells
    if entry.per == "round":
        return (Ground(wells=ENDLESS if plate_wells is None else plate_wells * n_plates, values=entry.values),)
    if entry.per == "plate":
        return (Ground(wells=wells, values=entry.values),) * n_plates
    return tuple(Ground(wells=size, values=entry.values) for size in entry.blocks) * n_plates


def _standing(encoder: Encoder, entry: SharedColumns, controls: Sequence[Control]) -> tuple[tuple[Value, int], ...]:
    found: dict[Key, tuple[Value, int]] = {}
    for control in controls:
        if all(name in control.settings for name in entry.told.factors):
            rest = {factor.name: control.settings.get(factor.name, _any_value(factor)) for factor in encoder.space.factors}
            value = entry.value_of(encoder.design_of([rest])[0])
            before = found.get(key_of(value), (value, 0))
            found[key_of(value)] = (before[0], before[1] + control.wells)
    return tuple(found.values())


def _any_value(factor: object) -> float | str:
    levels = getattr(factor, "levels", None)
    return levels[0] if levels else factor.bounds[0]  # type: ignore[attr-defined]
