"""What wells and tips hold: liquids by name, in µL; a tip in layers, last in first out."""

from __future__ import annotations

from dataclasses import dataclass, field

Mixture = dict[str, float]
TOLERANCE_UL = 1e-3
AIR = ""


@dataclass
class Well:
    """One well's account. `drawn_from_nothing_ul` is what was taken beyond what it held; `ever` are the liquids that it ever held.

    `declared` says that the file declares it (empty counts); `first` is "draw" or "fill", whichever came first.
    """

    capacity_ul: float
    holds: Mixture = field(default_factory=dict)
    drawn_from_nothing_ul: float = 0.0
    ever: set[str] = field(default_factory=set)
    declared: bool = False
    first: str = ""

    @property
    def liquid_ul(self) -> float:
        return sum(self.holds.values())

    @property
    def balance_ul(self) -> float:
        """Negative where more was taken than there was."""
        return self.liquid_ul - self.drawn_from_nothing_ul

    def take(self, volume_ul: float, *, beyond: str) -> Mixture:
        """Take a volume; what it does not hold comes as `beyond`."""
        held = self.liquid_ul
        taken = min(volume_ul, held)
        share = taken / held if held > 0 else 0.0
        out = {liquid: volume * share for liquid, volume in self.holds.items() if volume * share > 0}
        self.holds = {liquid: volume * (1 - share) for liquid, volume in self.holds.items() if volume * (1 - share) > TOLERANCE_UL / 1000}
        short = volume_ul - taken
        if short > TOLERANCE_UL:
            self.drawn_from_nothing_ul += short
            out[beyond] = out.get(beyond, 0.0) + short
        return out

    def put(self, mixture: Mixture) -> None:
        for liquid, volume in mixture.items():
            if liquid != AIR:
                self.holds[liquid] = self.holds.get(liquid, 0.0) + volume
                self.ever.add(liquid)


@dataclass
class Tip:
    """One tip: where it came from, what it can hold, what it touched, and its layers."""

    rack: str
    place: str
    capacity_ul: float
    touched: set[str] = field(default_factory=set)
    layers: list[Mixture] = field(default_factory=list)

    @property
    def held_ul(self) -> float:
        return sum(sum(layer.values()) for layer in self.layers)

    @property
    def liquids(self) -> set[str]:
        return {liquid for layer in self.layers for liquid, volume in layer.items() if liquid != AIR and volume > TOLERANCE_UL / 1000}

    def push(self, mixture: Mixture) -> None:
        self.layers.append(dict(mixture))
        self.touched |= {liquid for liquid in mixture if liquid != AIR}

    def pop(self, volume_ul: float) -> Mixture:
        """What comes out first is what went in last."""
        out: Mixture = {}
        left = volume_ul
        while self.layers and left > TOLERANCE_UL / 1000:
            layer = self.layers[-1]
            held = sum(layer.values())
            share = 1.0 if held <= left else left / held
            for liquid, volume in layer.items():
                out[liquid] = out.get(liquid, 0.0) + volume * share
            left -= held * share
            if share == 1.0:
                self.layers.pop()
            else:
                self.layers[-1] = {liquid: volume * (1 - share) for liquid, volume in layer.items()}
        return out
