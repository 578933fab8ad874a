"""Tips from racks: which one is next, how many racks that takes, and when a person must put in full ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..labware import labware
from ..plan import DeckItem, Refill, TipPlace


@dataclass(frozen=True, kw_only=True)
class TipRequest:
    """One pick-up: from which kind of rack, for one channel or for eight. `move` is its place among the moves."""

    rack: str
    channels: int
    move: int


@dataclass(frozen=True, kw_only=True)
class PlacedTips:
    """A place for each request, the racks on the deck, and the refills. A kind of rack without a slot has `none` in its place."""

    places: tuple[TipPlace, ...]
    items: tuple[DeckItem, ...]
    refills: tuple[Refill, ...]
    racks_used: dict[str, int]
    tips_used: dict[str, int]


@dataclass
class _Rack:
    """A rack: whole columns are kept for eight channels, one channel opens a column and empties it first."""

    load_name: str
    whole: deque[tuple[str, ...]] = field(default_factory=deque)
    opened: deque[str] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.fill()

    def fill(self) -> None:
        self.whole, self.opened = deque(labware(self.load_name).columns), deque()

    @property
    def empty(self) -> bool:
        return not self.whole and not self.opened

    def take(self, channels: int) -> str | None:
        if channels > 1:
            return self.whole.pop()[0] if self.whole else None
        if not self.opened and self.whole:
            self.opened.extend(self.whole.popleft())
        return self.opened.popleft() if self.opened else None


def racks_needed(rack: str, channels: Iterable[int]) -> int:
    """How many racks pick-ups in this order take, each rack used up before the next."""
    held: list[_Rack] = []
    for count in channels:
        if not any(one.take(count) is not None for one in held):
            held.append(_Rack(rack))
            held[-1].take(count)
    return len(held)


def place_tips(requests: Sequence[TipRequest], *, slots: Sequence[str]) -> PlacedTips:
    """Give every request its tip. Free slots go to the kinds of rack that need most; what does not fit is refilled.

    At a pause every rack that is used up is replaced, as far as its kind is still needed.
    """
    asked: dict[str, list[int]] = {}
    for request in requests:
        asked.setdefault(request.rack, []).append(request.channels)
    needed = {rack: racks_needed(rack, channels) for rack, channels in asked.items()}
    share = _share(needed, len(slots))
    free = list(slots)
    on_deck = {rack: [(free.pop(0), _Rack(rack)) for _ in range(share[rack])] for rack in needed}
    homeless = {rack: f"none{i}" for i, rack in enumerate(needed) if not on_deck[rack]}
    used = {rack: share[rack] for rack in needed}
    done = dict.fromkeys(needed, 0)
    places: list[TipPlace] = []
    refills: list[Refill] = []
    for request in requests:
        rack = request.rack
        if rack in homeless:
            places.append(TipPlace(slot=homeless[rack], place="A1"))
            continue
        place = _take(on_deck[rack], request.channels)
        if place is None:
            full = [slot for kind in needed if kind not in homeless for slot in _refill(kind, on_deck[kind], asked[kind][done[kind] :], used, due=kind == rack)]
            refills.append(Refill(before=request.move, slots=tuple(sorted(full, key=lambda slot: slot.zfill(2)))))
            place = _take(on_deck[rack], request.channels)
        assert place is not None
        places.append(place)
        done[rack] += 1
    return PlacedTips(
        places=tuple(places),
        items=(
            *(DeckItem(slot=slot, kind="tips", name="", load_name=rack) for rack, held in on_deck.items() for slot, _ in held),
            *(DeckItem(slot=slot, kind="tips", name="", load_name=rack) for rack, slot in homeless.items()),
        ),
        refills=tuple(refills), racks_used=used, tips_used={rack: sum(channels) for rack, channels in asked.items()},
    )  # fmt: skip


def _share(needed: dict[str, int], slots: int) -> dict[str, int]:
    """Slots for each kind of rack: one each, then always to the kind that would be refilled most often."""
    share = dict.fromkeys(needed, 0)
    for _ in range(slots):
        lacking = [rack for rack in needed if share[rack] < needed[rack]]
        if not lacking:
            break
        neediest = max(lacking, key=lambda rack: (share[rack] == 0, needed[rack] / max(share[rack], 1)))
        share[neediest] += 1
    return share


def _take(held: Sequence[tuple[str, _Rack]], channels: int) -> TipPlace | None:
    for slot, rack in held:
        place = rack.take(channels)
        if place is not None:
            return TipPlace(slot=slot, place=place)
    return None


def _refill(kind: str, held: Sequence[tuple[str, _Rack]], rest: Sequence[int], used: dict[str, int], *, due: bool) -> list[str]:
    """Put full racks where used-up ones stand, no more than the rest needs; of the kind that is due at least one."""
    wanted = racks_needed(kind, rest) - (0 if due else sum(not rack.empty for _, rack in held))
    full: list[str] = []
    # the emptiest first; of the kind that is due, a rack with too little for eight channels may go too
    for slot, rack in sorted(held, key=lambda one: len(one[1].whole) * 8 + len(one[1].opened)):
        if len(full) < wanted and (rack.empty or due):
            rack.fill()
            full.append(slot)
    used[kind] += len(full)
    return full
