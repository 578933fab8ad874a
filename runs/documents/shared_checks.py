"""What wells share, against the factors, the controls and the plate: each mistake on its line."""

from __future__ import annotations

from collections.abc import Iterable

from world_model.terms.campaign_doc import Batch
from world_model.terms.errors import ProtocolError, nearest

from .draft import Draft


def shared_names(draft: Draft) -> tuple[str, ...]:
    """Every factor that [batch] shares, as far as it is whole: a control may leave these out."""
    batch = _batch(draft)
    return batch.shared_names if batch is not None else ()


def check_shared(draft: Draft, *, known: Iterable[str]) -> None:
    """Shared factors are the campaign's, and its controls leave them something to vary."""
    batch, names = _batch(draft), list(dict.fromkeys(known))
    if batch is None:
        return
    _check_repeats(draft, batch)
    for i, entry in enumerate(batch.shared):
        for j, name in enumerate(entry.factors):
            if name not in names and draft.unknown("factors", name):
                draft.mistake(("batch", "shared", i, "factors", j), expected="a factor's name", found=repr(name), mend=nearest(name, names))
        if entry.per != "block" and entry.values > batch.candidates:
            draft.mistake(
                ("batch", "shared", i, "values"), expected=f"at most {batch.candidates} values, for a round has that many candidates", found=str(entry.values),
                mend="Ask for more candidates or fewer values.",
            )  # fmt: skip
        _refuse_pinned(draft, entry.factors, entry.values * (len(entry.blocks) or 1), where=("batch", "shared", i))


def check_shared_on_plate(campaign: Draft, lab: Draft) -> None:
    """Blocks are the lab's zones: a layout keeps these together, and no others."""
    from protocols.labware import labware
    from protocols.layout import usable_wells

    batch, plate = _batch(campaign), next(iter(lab.words("plate")), None)
    if batch is None or plate is None:
        return
    for i, entry in enumerate(batch.shared):
        zoned = [name for name in entry.factors if name in plate.zone_factors]
        if entry.per == "block":
            campaign.mistake(
                ("batch", "shared", i, "per"), expected="'plate' or 'round' beside a lab file, whose [[plate.zones]] are the blocks", found="'block'",
                mend=f"Leave the entry out and give {lab.file.name} [plate] zone_factors = {list(entry.factors)!r} with zones.",
            )  # fmt: skip
        elif zoned and entry.values > 1:
            campaign.mistake(
                ("batch", "shared", i, "values"), expected=f"one value of {zoned[0]!r}, or no entry: the zones in {lab.file.name} say how many there are",
                found=str(entry.values), mend="Leave the entry out.",
            )  # fmt: skip
    try:
        room = len(usable_wells(plate, labware(plate.labware).format))
    except ProtocolError:
        return  # the lab file's own check names it
    if batch.plate_wells is not None and batch.plate_wells != room:
        campaign.mistake(("batch", "plate_wells"), expected=f"{room}, the usable wells of {plate.labware}, or none beside a lab file", found=str(batch.plate_wells), mend="Leave it out.")


def pinned(campaign: Draft, factor: str) -> list[object]:
    """The values that controls give a factor."""
    found = [part.raw["settings"].get(factor) for part in campaign.of("controls") if isinstance(part.raw, dict) and isinstance(part.raw.get("settings"), dict)]
    return list(dict.fromkeys(value for value in found if isinstance(value, str | int | float)))


def _check_repeats(draft: Draft, batch: Batch) -> None:
    """Repeats that are left to the planner need one number to be made best."""
    goals = draft.words("goals")
    if batch.replicates != "auto" or len(goals) != len(draft.of("goals")):
        return
    front = len(goals) > 1 and draft.data.get("join", "pareto") == "pareto"
    others = [goal for goal in goals if goal.direction == "hits" or not goal.seeks_best]
    if front or others:
        draft.mistake(
            ("batch", "replicates"), expected="a number of wells: 'auto' needs one goal to make best, or several that are joined",
            found=f"'auto' with {f'{len(goals)} goals that nobody has weighed' if front else f'the goal {others[0]}'}", mend="Write replicates = 2, say.",
        )  # fmt: skip


def _refuse_pinned(draft: Draft, factors: tuple[str, ...], most: int, *, where: tuple[str | int, ...]) -> None:
    """Controls that take all the values that a round may have leave nothing to choose."""
    settings = [part.raw.get("settings") for part in draft.of("controls") if isinstance(part.raw, dict)]
    held = {tuple(told[name] for name in factors) for told in settings if isinstance(told, dict) and all(isinstance(told.get(name), str | int | float) for name in factors)}
    if len(held) >= most:
        shown = "; ".join(", ".join(f"{name} {value}" for name, value in zip(factors, one, strict=True)) for one in sorted(held, key=str)[:3])
        draft.mistake(
            where, expected=f"controls that leave {' and '.join(factors)} free, for a round has room for {most} value{'s' if most > 1 else ''}", found=f"controls at {shown}",
            mend=f"Leave {' and '.join(factors)} out of the controls' settings: they then take what their plate has.",
        )  # fmt: skip


def _batch(draft: Draft) -> Batch | None:
    found = next(iter(draft.words("batch")), None) if "batch" in draft.data else Batch()
    return found if isinstance(found, Batch) else None
