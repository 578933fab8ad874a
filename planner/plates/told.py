"""The whole batch on its wells: controls that follow their plate, a last look at the rule, and sentences that name what is shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from world_model.terms.errors import DesignError
from world_model.terms.proposal import ProposedExperiment

from .lift import told_settings
from .rule import BatchRule, Key, SharedColumns
from .seats import seat

Seating = tuple[dict[Key, int], ...]


def on_plates(experiments: Sequence[ProposedExperiment], rule: BatchRule) -> tuple[ProposedExperiment, ...]:
    """The batch with controls completed and its shared values told.

    Raises:
        DesignError: the batch breaks the rule, which is named. Nothing is proposed then.
    """
    whole = tuple(experiments)
    for entry in rule.shared:
        whole = _with_followers(whole, entry, rule)
        seating = _seating(whole, entry, rule)
        whole = tuple(_told(one, entry, rule, whole, seating) for one in whole)
    return whole


def _key_of(one: ProposedExperiment, entry: SharedColumns, rule: BatchRule) -> Key | None:
    """What an experiment takes; None where it takes none (a blank)."""
    if not all(name in one.settings for name in entry.told.factors):
        return None
    space = rule.encoder.space
    rest = {factor.name: one.settings.get(factor.name, _first(factor)) for factor in space.factors}
    return entry.keys_of(rule.encoder.design_of([rest]))[0]


def _with_followers(whole: tuple[ProposedExperiment, ...], entry: SharedColumns, rule: BatchRule) -> tuple[ProposedExperiment, ...]:
    """Controls that leave the shared factors out are dealt out to the values of the batch, in turn, as far as there are seats."""
    counts = Counter(value for one in whole if (value := _key_of(one, entry, rule)) is not None)
    source = {value: one for one in whole if (value := _key_of(one, entry, rule)) is not None}
    dealt: Counter[Key] = Counter()
    completed = []
    for one in whole:
        if one.role == "control" and _key_of(one, entry, rule) is None:
            for value in sorted(counts, key=lambda value: (dealt[value], -counts[value])):
                if seat({**counts, value: counts[value] + 1}, entry.grounds) is not None:
                    shared = {name: source[value].settings[name] for name in entry.told.factors}
                    order = [name for name in rule.encoder.space.names if name in {**one.settings, **shared}]
                    told = {**one.settings, **shared}
                    one = one.model_copy(update={"settings": {name: told[name] for name in order}})
                    counts[value] += 1
                    dealt[value] += 1
                    break
            else:
                raise DesignError(f"Expected room for control {one.id} beside the batch, found none with {entry.told}. Ask for fewer candidates.")
        completed.append(one)
    return tuple(completed)


def _seating(whole: Sequence[ProposedExperiment], entry: SharedColumns, rule: BatchRule) -> Seating:
    counts: Counter[Key] = Counter()
    anywhere = 0
    for one in whole:
        value = _key_of(one, entry, rule)
        if value is None:
            anywhere += 1
        else:
            counts[value] += 1
    room = sum(ground.wells for ground in entry.grounds)
    seating = seat(counts, entry.grounds)
    if seating is None or sum(counts.values()) + anywhere > room:
        source = {_key_of(one, entry, rule): one for one in whole}
        told = ", ".join(f"{told_settings(rule.encoder, entry, source[value].settings)}: {count}" for value, count in counts.most_common(6))
        raise DesignError(
            f"Expected a batch with {entry.told}, found {len(counts)} values over {sum(counts.values()) + anywhere} wells ({told}) where there is room for "
            f"{room if room < 10**9 else 'any number of'} wells. It is refused."
        )
    return seating


def _told(one: ProposedExperiment, entry: SharedColumns, rule: BatchRule, whole: Sequence[ProposedExperiment], seating: Seating) -> ProposedExperiment:
    value = _key_of(one, entry, rule)
    if value is None or one.role not in ("candidate", "control"):
        return one
    plates = len(entry.grounds) // max(len(entry.told.blocks), 1) if entry.told.per != "round" else 1
    each = len(entry.grounds) // plates
    at = [i for i, held in enumerate(seating) if value in held]
    where = {"round": "the round", "plate": "the plate", "block": f"block {at[0] % each + 1}" if len(at) == 1 else f"blocks {', '.join(str(i % each + 1) for i in at)}"}[entry.told.per]
    if plates > 1:
        where = f"plate {' and '.join(dict.fromkeys(str(i // each + 1) for i in at))}" + (f", {where}" if entry.told.per == "block" else "")
    n = sum(_key_of(other, entry, rule) == value for other in whole)
    sentence = f"{where[:1].upper() + where[1:]}: {told_settings(rule.encoder, entry, one.settings)}, shared by {n} well{'s' if n > 1 else ''}."
    return one.model_copy(update={"reason": f"{one.reason} {sentence}".strip()[:2000]})


def _first(factor: object) -> float | str:
    levels = getattr(factor, "levels", None)
    return levels[0] if levels else factor.bounds[0]  # type: ignore[attr-defined]
