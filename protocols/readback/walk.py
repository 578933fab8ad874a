"""The running ledger: acts move liquid between wells, and every well's composition, volume and limit is known at every moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..volumes import shown
from .acts import Act, Bench, Contents, Place

# a thousandth of a nanolitre: what adding up some thousand volumes may drift
DRIFT_NL = 1e-3
_NOTHING_NL = 1e-9


@dataclass(frozen=True)
class Fault:
    """A moment that can't be: the rule, where, what was found and what would be right."""

    rule: str
    place: Place
    where: str
    observed: str
    limit: str


@dataclass
class Ledger:
    """What every well holds, carried from stage to stage. `moved[stage][(source, target)]` sums what went straight from one
    well to another; `entered[place]` lists liquids in the order in which they first came in, stage by stage."""

    bench: Bench
    wells: dict[Place, Contents]
    faults: list[Fault] = field(default_factory=list)
    entered: dict[Place, list[str]] = field(default_factory=dict)

    def walk(self, acts: Iterable[Act], *, stage: str) -> dict[tuple[Place, Place], float]:
        """Carry acts out; faults are kept, each place and rule once.

        Returns:
            (source, target) → nanolitres, mixing strokes left out.
        """
        bench, wells = self.bench, self.wells
        tip: Contents = {}
        drawn_from: Place | None = None
        met: set[str] = set()  # liquids, or wells of mixtures, that the tip has been in
        short = False  # after a draw from too little, what the tip lacks is no fault of its own
        moved: dict[tuple[Place, Place], float] = {}
        told = {(fault.rule, fault.place) for fault in self.faults}

        def tell(rule: str, place: Place, line: int, observed: str, limit: str) -> None:
            if (rule, place) not in told:
                told.add((rule, place))
                self.faults.append(Fault(rule, place, f"{place[1]} of {place[0]}, stage {stage}, line {line}", observed, limit))

        for act in acts:
            place, volume = act.place, act.volume_nl
            if act.kind == "change":
                if sum(tip.values()) > DRIFT_NL:
                    tell("tip", drawn_from or place, act.line, f"a tip changed with {shown(sum(tip.values()))} in it", "an empty tip")
                tip, met, drawn_from = {}, set(), None
                continue
            if place not in bench.capacity_nl:
                tell("place", place, act.line, "no such well", "a well on the bench")
                continue
            if not volume > 0 or volume == float("inf"):
                tell("volume", place, act.line, f"{volume} nL", "more than nothing")
                continue
            held = wells.setdefault(place, {})
            name = bench.liquid_at.get(place, f"{place[1]} of {place[0]}")
            if act.kind == "aspirate":
                if met - {name}:
                    tell("contamination", place, act.line, f"a tip that was in {', '.join(sorted(met - {name}))}", f"a tip that met nothing but {name}")
                met.add(name)
                total = sum(held.values())
                if total - volume < bench.dead_nl.get(place, 0) - DRIFT_NL:
                    low = f"{shown(volume)} drawn from {shown(total)}, of which {shown(bench.dead_nl.get(place, 0))} can't be drawn"
                    tell("stock runs dry", place, act.line, low, f"at least {shown(volume + bench.dead_nl.get(place, 0))} in it")
                short = volume > total + DRIFT_NL
                share = min(volume / total, 1.0) if total > 0 else 0.0
                for stock in list(held):
                    part = held[stock] * share
                    tip[stock] = tip.get(stock, 0.0) + part
                    held[stock] -= part
                drawn_from = place
            else:
                total = sum(tip.values())
                if volume > total + DRIFT_NL and not short:
                    tell("tip", place, act.line, f"{shown(volume)} dispensed from a tip with {shown(total)}", "no more than was aspirated")
                share = min(volume / total, 1.0) if total > 0 else 0.0
                if drawn_from is not None and drawn_from != place:
                    moved[drawn_from, place] = moved.get((drawn_from, place), 0.0) + volume
                    source_name = bench.liquid_at.get(drawn_from, "")
                    came = self.entered.setdefault(place, [])
                    if any(liquid != source_name for liquid in came):
                        met.add(name)
                    if source_name not in came:
                        came.append(source_name)
                for stock in list(tip):
                    part = tip[stock] * share
                    held[stock] = held.get(stock, 0.0) + part
                    tip[stock] -= part
                    if tip[stock] < _NOTHING_NL:
                        del tip[stock]
                full = sum(held.values())
                if full > bench.capacity_nl[place] + DRIFT_NL:
                    tell("well capacity", place, act.line, f"{shown(full)} in it", f"at most {shown(bench.capacity_nl[place])}")
        if sum(tip.values()) > DRIFT_NL:
            tell("tip", drawn_from or ("", ""), 0, f"a tip with {shown(sum(tip.values()))} in it at the end", "an empty tip")
        return moved


def open_ledger(bench: Bench) -> Ledger:
    """The bench before the first stage."""
    return Ledger(bench=bench, wells={place: dict(contents) for place, contents in bench.start.items()})
