"""The whole batch on its wells: controls that follow their plate, a last look at the rule, and sentences that name what is shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from world_model.terms.errors import DesignError
from world_model.terms.proposal import ProposedExperiment

from .lift import told_settings
from .rule import ENDLESS, BatchRule, Key, SharedColumns
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
        keys = _keys(whole, entry, rule)
        seating = _seating(whole, keys, entry, rule)
        counts = Counter(key for key in keys if key is not None)
        whole = tuple(one if key is None else _told(one, key, counts[key], entry, rule, seating) for one, key in zip(whole, keys, strict=True))
    return whole


def _keys(whole: Sequence[ProposedExperiment], entry: SharedColumns, rule: BatchRule) -> list[Key | None]:
    """What each experiment takes; None where it takes none (a blank, a control that follows its plate)."""
    has = [i for i, one in enumerate(whole) if all(name in one.settings for name in entry.told.factors)]
    rows = [{factor.name: whole[i].settings.get(factor.name, _first(factor)) for factor in rule.encoder.space.factors} for i in has]
    told = dict(zip(has, entry.keys_of(rule.encoder.design_of(rows)) if rows else [], strict=True))
    return [told.get(i) for i in range(len(whole))]


def _with_followers(whole: tuple[ProposedExperiment, ...], entry: SharedColumns, rule: BatchRule) -> tuple[ProposedExperiment, ...]:
    """Controls that leave the shared factors out are dealt out to the values of the batch, in turn, as far as there are seats."""
    keys = _keys(whole, entry, rule)
    counts = Counter(key for key in keys if key is not None)
    source = {key: one for one, key in zip(whole, keys, strict=True) if key is not None}
    dealt: Counter[Key] = Counter()
    completed = []
    for one, key in zip(whole, keys, strict=True):
        if one.role == "control" and key is None:
            for value in sorted(counts, key=lambda value: (dealt[value], -counts[value])):
                if seat({**counts, value: counts[value] + 1}, entry.grounds) is not None:
                    told = {**one.settings, **{name: source[value].settings[name] for name in entry.told.factors}}
                    one = one.model_copy(update={"settings": {name: told[name] for name in rule.encoder.space.names if name in told}})
                    counts[value] += 1
                    dealt[value] += 1
                    break
            else:
                raise DesignError(f"Expected room for control {one.id} beside the batch, found none with {entry.told}. Ask for fewer candidates.")
        completed.append(one)
    return tuple(completed)


def _seating(whole: Sequence[ProposedExperiment], keys: Sequence[Key | None], entry: SharedColumns, rule: BatchRule) -> Seating:
    counts = Counter(key for key in keys if key is not None)
    room = sum(ground.wells for ground in entry.grounds)
    seating = seat(counts, entry.grounds)
    if seating is None or len(whole) > room:
        source = dict(zip(keys, whole, strict=True))
        told = ", ".join(f"{told_settings(rule.encoder, entry, source[key].settings)}: {count}" for key, count in counts.most_common(6))
        raise DesignError(
            f"Expected a batch with {entry.told}, found {len(counts)} values over {len(whole)} wells ({told}) where there is room for "
            f"{room if room < ENDLESS else 'any number of'} wells. It is refused."
        )
    return seating


def _told(one: ProposedExperiment, key: Key, n: int, entry: SharedColumns, rule: BatchRule, seating: Seating) -> ProposedExperiment:
    if one.role not in ("candidate", "control"):
        return one
    plates = len(entry.grounds) // max(len(entry.told.blocks), 1) if entry.told.per != "round" else 1
    each = len(entry.grounds) // plates
    at = [i for i, held in enumerate(seating) if key in held]
    where = {"round": "the round", "plate": "the plate", "block": f"block {at[0] % each + 1}" if len(at) == 1 else f"blocks {', '.join(str(i % each + 1) for i in at)}"}[entry.told.per]
    if plates > 1:
        where = f"plate {' and '.join(dict.fromkeys(str(i // each + 1) for i in at))}" + (f", {where}" if entry.told.per == "block" else "")
    sentence = f"{where[:1].upper() + where[1:]}: {told_settings(rule.encoder, entry, one.settings)}, shared by {n} well{'s' if n > 1 else ''}."
    return one.model_copy(update={"reason": f"{one.reason} {sentence}".strip()[:2000]})


def _first(factor: object) -> float | str:
    levels = getattr(factor, "levels", None)
    return levels[0] if levels else factor.bounds[0]  # type: ignore[attr-defined]
