"""What a lab's plate makes wells share: its zones, and conditions that no stock makes, which the whole plate has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from world_model.terms.campaign_doc import Batch
from world_model.terms.lab_profile import LabProfile
from world_model.terms.shared import Shared
from world_model.terms.space import SearchSpace


def batch_on_plate(batch: Batch, space: SearchSpace, lab: LabProfile | None) -> Batch:
    """The batch with what the lab file says that its wells share; what the campaign itself says stays.

    A round is one plate. Factors of its zones have one value in each zone, by the zone's usable wells; any other condition that no
    stock makes has one value on the plate.

    Raises:
        ProtocolError: the lab's plate is unknown.
    """
    if lab is None:
        return batch
    told = lab_shared(space, lab, without=batch.shared_names)
    shared = (*batch.shared, *told)
    return batch.model_copy(update={"shared": shared, "plate_wells": _room(lab)}) if shared else batch


def lab_shared(space: SearchSpace, lab: LabProfile, *, without: Sequence[str] = ()) -> tuple[Shared, ...]:
    """What the lab file alone says that wells share."""
    from protocols.template import bind_factors

    zoned = tuple(name for name in lab.plate.zone_factors if name in space.names)
    found = []
    if zoned and not set(zoned) & set(without):
        found.append(Shared(factors=zoned, per="block", blocks=zone_sizes(lab)))
    conditions = [name for name in bind_factors(space, lab).conditions if name not in (*zoned, *without) and _varies(space, name)]
    found += [Shared(factors=(name,), per="plate") for name in conditions]
    return tuple(found)


def zone_sizes(lab: LabProfile) -> tuple[int, ...]:
    """Usable wells of each zone of the plate, in the order of the lab file."""
    from protocols.labware import labware
    from protocols.layout import usable_wells

    columns = Counter(int("".join(mark for mark in well if mark.isdigit())) for well in usable_wells(lab.plate, labware(lab.plate.labware).format))
    sizes = [sum(columns[column] for column in zone.columns) for zone in lab.plate.zones]
    return tuple(size for size in sizes if size)


def _room(lab: LabProfile) -> int:
    from protocols.labware import labware
    from protocols.layout import usable_wells

    return len(usable_wells(lab.plate, labware(lab.plate.labware).format))


def _varies(space: SearchSpace, name: str) -> bool:
    factor = space[name]
    levels = getattr(factor, "levels", None)
    return len(levels) > 1 if levels is not None else factor.bounds[0] < factor.bounds[1]  # type: ignore[union-attr]
